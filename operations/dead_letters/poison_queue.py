"""Blob events that failed at every attempt. The Functions host writes them to its poison queue."""

import base64
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager, suppress

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage
from pydantic import BaseModel, Field, ValidationError

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.dead_letters import PoisonQueue
from exchange.domain.blob_names import RESULTS
from exchange.domain.errors import NotFound
from operations.dead_letters.revalidation import Validate, find_batch_id, revalidate
from operations.dead_letters.source import DeadLetter, ResendResult, report_missing

# The maximum of the service. Reading more would hide the messages from other processes.
_MAX_PEEKED = 32
# Long enough to validate the largest result. After a crash the hidden messages become visible again.
_HIDDEN_S = 1800


class _PoisonMessage(BaseModel):
    """The fields of the host's message that are read."""

    container: str = Field(alias="ContainerName")
    blob: str = Field(alias="BlobName")


class PoisonQueueSource:
    """The poison queue; see `source.Source`. The name of a dead letter is the id of its message."""

    name = "blobs"

    def __init__(self, queue: PoisonQueue, validate: Validate) -> None:
        self._queue = queue
        self._validate = validate

    async def list_all(self) -> list[DeadLetter]:
        """Peek at the first 32 messages. A storage queue does not show more."""
        with _empty_if_missing():
            return [_make_letter(message) for message in await self._queue.client.peek_messages(_MAX_PEEKED)]
        return []

    async def resend(self, names: Collection[str] | None) -> AsyncIterator[ResendResult]:
        """Validate the upload of each message, then delete the message. All others become visible at the end."""
        remaining = set(names or ())
        hidden: list[QueueMessage] = []
        with _empty_if_missing():
            try:
                async for message in self._queue.client.receive_messages(visibility_timeout=_HIDDEN_S):
                    hidden.append(message)
                    if names is None or message.id in remaining:
                        remaining.discard(message.id)
                        fault = await self._revalidate(message)
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

    async def _revalidate(self, message: QueueMessage) -> str | None:
        poison = _parse(message)
        if poison is None or poison.container != RESULTS:
            return f"It is not about a blob of the container '{RESULTS}'."
        return await revalidate(poison.blob, self._validate)


@contextmanager
def _empty_if_missing() -> Iterator[None]:
    # The host creates the queue with its first message.
    with suppress(NotFound), translate_errors("poison queue"):
        yield


def _make_letter(message: QueueMessage) -> DeadLetter:
    poison = _parse(message)
    return DeadLetter(
        name=message.id,
        batch_id=find_batch_id(poison.blob) if poison else None,
        since=message.inserted_on,
        attempts=None,
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
