"""Blob events that failed at every attempt. The Functions host writes them to its poison queue."""

import base64
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient
from pydantic import BaseModel, Field, ValidationError

from exchange.adapters.dead_letters.errors import translate_dead_letter_errors
from exchange.adapters.storage import StorageClient
from exchange.contract.operations import MAX_COUNTED
from exchange.domain.blob_names import RESULTS
from exchange.domain.dead_letters import DeadLetter, DeadLetterPage, ResendResult, find_batch_id, report_missing
from exchange.domain.errors import NotFound
from exchange.ports import Revalidate

# The host chooses the name, and creates the queue when it first needs it.
_POISON_QUEUE = "webjobs-blobtrigger-poison"
# The maximum of the service. Reading more would hide the messages from other processes.
_MAX_PEEKED = 32
# Longer than a call to resend takes. After a crash the hidden messages become visible again.
_HIDDEN_S = 180


class PoisonQueue(StorageClient[QueueClient]):
    """The client of the queue."""

    def _make_client(
        self, address: str, credential: AsyncTokenCredential | None, options: dict[str, Any]
    ) -> QueueClient:
        if credential is None:
            return QueueClient.from_connection_string(address, _POISON_QUEUE, **options)
        return QueueClient(address, _POISON_QUEUE, credential=credential, **options)


class PoisonQueueDeadLetters:
    """The poison queue; see `ports.DeadLetterStore`. The name of a dead letter is the id of its message."""

    def __init__(self, queue: PoisonQueue) -> None:
        self._queue = queue

    async def count(self) -> int:
        """Return the approximate number of messages. 0 if the queue does not exist yet."""
        with _empty_if_missing():
            properties = await self._queue.client.get_queue_properties()
            return min(properties.approximate_message_count or 0, MAX_COUNTED)
        return 0

    async def list_first(self, limit: int) -> DeadLetterPage:
        """Peek at the first messages. A storage queue does not show more than 32."""
        with _empty_if_missing():
            messages = await self._queue.client.peek_messages(_MAX_PEEKED)
            shown = [_make_letter(message) for message in messages[:limit]]
            more = len(messages) > limit or (len(messages) == _MAX_PEEKED and await self.count() > _MAX_PEEKED)
            return DeadLetterPage(shown, more)
        return DeadLetterPage([], truncated=False)

    async def resend(self, names: Collection[str] | None, revalidate: Revalidate) -> AsyncGenerator[ResendResult, None]:
        """Have the upload of each message validated, then delete the message. All others become visible at the end."""
        remaining = set(names or ())
        hidden: list[QueueMessage] = []
        with _empty_if_missing():
            try:
                async for message in self._queue.client.receive_messages(visibility_timeout=_HIDDEN_S):
                    hidden.append(message)
                    if names is None or message.id in remaining:
                        remaining.discard(message.id)
                        fault = await _revalidate(message, revalidate)
                        if fault is None:
                            await self._queue.client.delete_message(hidden.pop())
                        yield ResendResult(message.id, fault)
                    if names is not None and not remaining:
                        break
            finally:
                for message in hidden:
                    # If this fails, the message becomes visible after `_HIDDEN_S`.
                    with suppress(AzureError):
                        await self._queue.client.update_message(message, visibility_timeout=0)
        for missing in report_missing(remaining):
            yield missing


async def _revalidate(message: QueueMessage, revalidate: Revalidate) -> str | None:
    poison = _parse(message)
    if poison is None or poison.container != RESULTS:
        return f"It is not about a blob of the container '{RESULTS}'."
    return await revalidate(poison.blob)


class _PoisonMessage(BaseModel):
    """The fields of the host's message that are read."""

    container: str = Field(alias="ContainerName")
    blob: str = Field(alias="BlobName")


@contextmanager
def _empty_if_missing() -> Iterator[None]:
    # The host creates the queue with its first message.
    with suppress(NotFound), translate_dead_letter_errors("poison queue"):
        yield


def _make_letter(message: QueueMessage) -> DeadLetter:
    poison = _parse(message)
    batch_id = find_batch_id(poison.blob) if poison else None
    return DeadLetter(
        name=message.id,
        batch_ids=() if batch_id is None else (batch_id,),
        since=message.inserted_on,
        reason="The validation failed at every attempt.",
    )


def _parse(message: QueueMessage) -> _PoisonMessage | None:
    """Parse the host's message, which is text or, by default, base64."""
    for content in (message.content, _decode_base64(message.content)):
        with suppress(ValidationError):
            return _PoisonMessage.model_validate_json(content)
    return None


def _decode_base64(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        return b""
