"""Blob events that failed at each try: the poison queue that the Functions host keeps."""

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
from operations.dead_letters.box import Letter, Resent, not_there
from operations.dead_letters.uploads import Validate, batch_of, validated

# More can't be looked at without hiding them from others.
_PEEKED = 32
# Long enough for the largest result; what a crash leaves hidden is there again after it.
_HIDDEN_S = 1800


class _Poison(BaseModel):
    """What the host writes of an event."""

    container: str = Field(alias="ContainerName")
    blob: str = Field(alias="BlobName")


class PoisonedEvents:
    """The poison queue; see `box.Box`. A letter's name is the id of the message."""

    name = "blobs"

    def __init__(self, queue: PoisonQueue, validate: Validate) -> None:
        self._queue = queue
        self._validate = validate

    async def letters(self) -> list[Letter]:
        """Peek at the first 32: a storage queue shows no more."""
        with _reaching():
            return [_letter(message) for message in await self._queue.client.peek_messages(_PEEKED)]
        return []

    async def resend(self, names: Collection[str] | None) -> AsyncIterator[Resent]:
        """Validate the upload, then delete the message; whatever was not done with is seen again at the end."""
        wanted = set(names or ())
        held: list[QueueMessage] = []
        with _reaching():
            try:
                async for message in self._queue.client.receive_messages(visibility_timeout=_HIDDEN_S):
                    held.append(message)
                    if names is None or message.id in wanted:
                        wanted.discard(message.id)
                        fault = await self._again(message)
                        if fault is None:
                            await self._queue.client.delete_message(held.pop())
                        yield Resent(message.id, fault)
                    if names is not None and not wanted:
                        break
            finally:
                for message in held:
                    # One that can't be given back now comes back by itself.
                    with suppress(AzureError):
                        await self._queue.client.update_message(message, visibility_timeout=0)
        for missing in not_there(wanted):
            yield missing

    async def _again(self, message: QueueMessage) -> str | None:
        poison = _read(message)
        if poison is None or poison.container != RESULTS:
            return f"It is not about a blob of the container '{RESULTS}'."
        return await validated(poison.blob, self._validate)


@contextmanager
def _reaching() -> Iterator[None]:
    # The host makes the queue with its first message.
    with suppress(NotFound), translate_errors("poison queue"):
        yield


def _letter(message: QueueMessage) -> Letter:
    poison = _read(message)
    return Letter(
        name=message.id,
        batch=batch_of(poison.blob) if poison else None,
        since=message.inserted_on,
        tries=None,
        reason="Its validation failed at each try.",
    )


def _read(message: QueueMessage) -> _Poison | None:
    """Read what the host wrote, as text or, as it does by default, in base64."""
    for content in (message.content, _from_base64(message.content)):
        with suppress(ValidationError):
            return _Poison.model_validate_json(content)
    return None


def _from_base64(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError:
        return b""
