"""Orders that failed at each delivery: the dead-letter queue that Service Bus keeps beside each queue."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.amqp import AmqpMessageBodyType
from pydantic import ValidationError

from exchange.adapters.service_bus import ServiceBusQueues
from exchange.domain.errors import Unavailable
from exchange.domain.messages import ImportMessage
from operations.dead_letters.box import Letter, Resent, not_there

_PEEKED = 100
_WAIT_S = 5
_TOLD = {"DeadLetterReason", "DeadLetterErrorDescription"}


class DeadOrders:
    """The dead-letter queue of one queue; see `box.Box`. A letter's name is its sequence number."""

    def __init__(self, name: str, queue: str, bus: ServiceBusQueues) -> None:
        self.name = name
        self._queue = queue
        self._bus = bus

    async def letters(self) -> list[Letter]:
        """Peek at them, the oldest first."""
        with _reaching(self._queue):
            async with self._bus.connected() as client, self._receiver(client) as receiver:
                return [_letter(message) async for message in _peeked(receiver)]

    async def resend(self, names: Collection[str] | None) -> AsyncIterator[Resent]:
        """Send a copy to the queue, then complete the dead letter: a crash between leaves two, never none.

        Two do no more than one, as for every order. All are those that are there now: one that fails again comes back
        as a new one.
        """
        with _reaching(self._queue):
            async with self._bus.connected() as client, self._receiver(client) as receiver:
                there = {str(message.sequence_number) async for message in _peeked(receiver)}
                wanted = there if names is None else there & set(names)
                missing = set(names or ()) - there
                async for message in _received(receiver, wanted):
                    yield await self._resend(message, client, receiver)
        for one in not_there(wanted | missing):
            yield one

    async def _resend(
        self, message: ServiceBusReceivedMessage, client: ServiceBusClient, receiver: ServiceBusReceiver
    ) -> Resent:
        if message.body_type is not AmqpMessageBodyType.DATA:
            await receiver.abandon_message(message)
            return Resent(str(message.sequence_number), "Its body is not bytes: it is no order of ours.")
        async with client.get_queue_sender(self._queue) as sender:
            await sender.send_messages(_copy(message))
        await receiver.complete_message(message)
        return Resent(str(message.sequence_number))

    def _receiver(self, client: ServiceBusClient) -> ServiceBusReceiver:
        return client.get_queue_receiver(self._queue, sub_queue=ServiceBusSubQueue.DEAD_LETTER)


@contextmanager
def _reaching(queue: str) -> Iterator[None]:
    try:
        yield
    except (AzureError, OSError) as error:
        raise Unavailable(f"The queue '{queue}' can't be reached ({type(error).__name__}).") from error


async def _received(receiver: ServiceBusReceiver, wanted: set[str]) -> AsyncIterator[ServiceBusReceivedMessage]:
    """Yield those that are wanted, and cross them off. Others are held until the end, or they would come again.

    One at a time: what a receiver has room for when they are given back, it gets, and locks, at once.
    """
    held: list[ServiceBusReceivedMessage] = []
    try:
        while wanted and (found := await receiver.receive_messages(1, _WAIT_S)):
            if str(found[0].sequence_number) in wanted:
                wanted.remove(str(found[0].sequence_number))
                yield found[0]
            else:
                held += found
    finally:
        for message in held:
            await receiver.abandon_message(message)


async def _peeked(receiver: ServiceBusReceiver) -> AsyncIterator[ServiceBusReceivedMessage]:
    after = 0
    while page := await receiver.peek_messages(_PEEKED, sequence_number=after + 1):
        for message in page:
            yield message
            after = message.sequence_number or 0


def _letter(message: ServiceBusReceivedMessage) -> Letter:
    return Letter(
        name=str(message.sequence_number),
        batch=_batch(message),
        since=message.enqueued_time_utc,
        tries=message.delivery_count,
        reason=message.dead_letter_reason,
    )


def _batch(message: ServiceBusReceivedMessage) -> str | None:
    if message.body_type is not AmqpMessageBodyType.DATA:
        return None
    try:
        # Every order names its batch alike.
        return str(ImportMessage.model_validate_json(b"".join(message.body)).batch_id)
    except ValidationError:
        return None


def _copy(message: ServiceBusReceivedMessage) -> ServiceBusMessage:
    """Return the message as it was sent: without what was told of its end."""
    given: dict[Any, Any] = message.application_properties or {}
    kept = {key: value for key, value in given.items() if _text(key) not in _TOLD}
    return ServiceBusMessage(
        b"".join(message.body),
        application_properties=kept,
        content_type=message.content_type,
        correlation_id=message.correlation_id,
        subject=message.subject,
    )


def _text(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key
