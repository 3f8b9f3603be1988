"""Messages that failed at every delivery. Service Bus keeps them in the dead-letter queue of each queue."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import AbstractAsyncContextManager, aclosing, contextmanager
from typing import Any
from uuid import UUID

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.amqp import AmqpMessageBodyType
from pydantic import ValidationError

from exchange.adapters.service_bus_links import ServiceBusLinks
from exchange.contract.operations import MAX_COUNTED
from exchange.domain.dead_letters import DeadLetter, DeadLetterPage, ResendResult, report_missing
from exchange.domain.errors import Unavailable
from exchange.domain.messages import IMPORT_MESSAGE
from exchange.ports import Revalidate

_PEEK_SIZE = 100
_WAIT_S = 5
_REASON_PROPERTIES = {"DeadLetterReason", "DeadLetterErrorDescription"}


class ServiceBusDeadLetters:
    """The dead-letter queue of one queue; see `ports.DeadLetterStore`.

    The name of a dead letter is its sequence number.
    """

    def __init__(self, queue: str, links: ServiceBusLinks) -> None:
        self._queue = queue
        self._links = links

    async def count(self) -> int:
        """Count the messages by peeking at them, up to `MAX_COUNTED`."""
        return len((await self.list_first(MAX_COUNTED)).letters)

    async def list_first(self, limit: int) -> DeadLetterPage:
        """Peek at the first messages, oldest first."""
        letters: list[DeadLetter] = []
        with _translate_errors(self._queue):
            async with self._use_peeker() as peeker, aclosing(_peek(peeker)) as messages:
                async for message in messages:
                    letters.append(_make_letter(message))
                    if len(letters) > limit:
                        break
        return DeadLetterPage(letters[:limit], len(letters) > limit)

    async def resend(
        self,
        names: Collection[str] | None,
        revalidate: Revalidate,  # noqa: ARG002 - messages have no upload
    ) -> AsyncGenerator[ResendResult, None]:
        """Send a copy to the queue, then complete the dead letter. A crash in between leaves both, which is harmless.

        Without names, the messages that exist at the start are resent, up to `MAX_COUNTED`. A message that fails again
        becomes a new one.
        """
        with _translate_errors(self._queue):
            async with self._use_peeker() as peeker:
                remaining = await _find_existing(peeker, names)
            missing = set(names or ()) - remaining
            async with (
                self._links.use_receiver(self._queue, ServiceBusSubQueue.DEAD_LETTER) as receiver,
                aclosing(_receive(receiver, remaining)) as messages,
            ):
                async for message in messages:
                    yield await self._resend(message, receiver)
        for result in report_missing(remaining | missing):
            yield result

    async def _resend(self, message: ServiceBusReceivedMessage, receiver: ServiceBusReceiver) -> ResendResult:
        if message.body_type is not AmqpMessageBodyType.DATA:
            await receiver.abandon_message(message)
            return ResendResult(str(message.sequence_number), "Its body is not bytes: the exchange did not send it.")
        try:
            await self._links.send(self._queue, _copy(message))
        except (Unavailable, asyncio.CancelledError):
            # Otherwise it would stay locked for a minute, even without its receiver.
            await receiver.abandon_message(message)
            raise
        await receiver.complete_message(message)
        return ResendResult(str(message.sequence_number))

    def _use_peeker(self) -> AbstractAsyncContextManager[ServiceBusReceiver]:
        return self._links.use_peeker(self._queue, ServiceBusSubQueue.DEAD_LETTER)


@contextmanager
def _translate_errors(queue: str) -> Iterator[None]:
    try:
        yield
    except (AzureError, OSError) as error:
        raise Unavailable(f"The queue '{queue}' cannot be reached ({type(error).__name__}).") from error


async def _find_existing(peeker: ServiceBusReceiver, names: Collection[str] | None) -> set[str]:
    """Return those of these sequence numbers that are in the queue. Without names, return the first `MAX_COUNTED`."""
    last = None if names is None else max((int(name) for name in names if name.isdecimal()), default=0)
    existing: set[str] = set()
    async with aclosing(_peek(peeker)) as messages:
        async for message in messages:
            number = message.sequence_number or 0
            # They are in ascending order.
            if len(existing) == MAX_COUNTED or (last is not None and number > last):
                break
            if names is None or str(number) in names:
                existing.add(str(number))
    return existing


async def _receive(
    receiver: ServiceBusReceiver, remaining: set[str]
) -> AsyncGenerator[ServiceBusReceivedMessage, None]:
    """Yield the messages with these sequence numbers, and remove each from `remaining`.

    Other messages stay locked until the end, or they would be received again. Messages are requested one by one,
    because a receiver with credit left would lock the abandoned messages again at once.
    """
    locked: list[ServiceBusReceivedMessage] = []
    try:
        while remaining and (received := await receiver.receive_messages(1, _WAIT_S)):
            if str(received[0].sequence_number) in remaining:
                remaining.remove(str(received[0].sequence_number))
                yield received[0]
            else:
                locked += received
    finally:
        for message in locked:
            await receiver.abandon_message(message)


async def _peek(peeker: ServiceBusReceiver) -> AsyncGenerator[ServiceBusReceivedMessage, None]:
    last = 0
    while page := await peeker.peek_messages(_PEEK_SIZE, sequence_number=last + 1):
        for message in page:
            yield message
            last = message.sequence_number or 0


def _make_letter(message: ServiceBusReceivedMessage) -> DeadLetter:
    batch_id = _find_batch_id(message)
    return DeadLetter(
        name=str(message.sequence_number),
        batch_ids=() if batch_id is None else (batch_id,),
        since=message.enqueued_time_utc,
        attempts=message.delivery_count,
        reason=message.dead_letter_reason,
    )


def _find_batch_id(message: ServiceBusReceivedMessage) -> UUID | None:
    """Return the batch that the message is about. A message to call a webhook has none."""
    if message.body_type is not AmqpMessageBodyType.DATA:
        return None
    try:
        # Every kind of message about a batch has this field.
        return IMPORT_MESSAGE.validate_json(b"".join(message.body)).batch_id
    except ValidationError:
        return None


def _copy(message: ServiceBusReceivedMessage) -> ServiceBusMessage:
    """Return the message as it was sent, without the reason for its dead-lettering."""
    properties: dict[Any, Any] = message.application_properties or {}
    return ServiceBusMessage(
        b"".join(message.body),
        application_properties={
            key: value for key, value in properties.items() if _decode(key) not in _REASON_PROPERTIES
        },
        content_type=message.content_type,
        correlation_id=message.correlation_id,
        subject=message.subject,
    )


def _decode(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key
