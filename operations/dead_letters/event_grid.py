"""Blob events that never reached the app: what Event Grid put into the container of dead letters."""

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.blobs import BlobAccount
from exchange.domain.blob_names import DEAD_LETTERS, RESULTS
from operations.dead_letters.box import Letter, Resent, not_there
from operations.dead_letters.uploads import Validate, batch_of, validated

_UPLOADED = f"/blobServices/default/containers/{RESULTS}/blobs/"


class _Event(BaseModel):
    """What is read of an event, in Event Grid's own schema or as a CloudEvent."""

    subject: str
    reason: str | None = Field(None, validation_alias=AliasChoices("deadLetterReason", "deadletterreason"))
    tries: int | None = Field(None, validation_alias=AliasChoices("deliveryAttempts", "deliveryattempts"))

    @property
    def blob(self) -> str | None:
        """The name of the uploaded blob, if it is one of `results`."""
        return self.subject.removeprefix(_UPLOADED) if self.subject.startswith(_UPLOADED) else None


_EVENTS = TypeAdapter(list[_Event])


class UndeliveredEvents:
    """The container of dead letters; see `box.Box`. A letter is a blob, with one event or several."""

    name = "events"

    def __init__(self, account: BlobAccount, validate: Validate) -> None:
        self._account = account
        self._validate = validate

    async def letters(self) -> list[Letter]:
        """Read each."""
        with translate_errors("container of dead letters"):
            return [_letter(name, since, await self._events(name)) async for name, since in self._blobs()]

    async def resend(self, names: Collection[str] | None) -> AsyncIterator[Resent]:
        """Validate the uploads, then delete the letter."""
        wanted = set(names or ())
        with translate_errors("container of dead letters"):
            async for name, _ in self._blobs():
                if names is not None and name not in wanted:
                    continue
                wanted.discard(name)
                fault = await self._again(await self._events(name))
                if fault is None:
                    await self._account.blob(DEAD_LETTERS, name).delete_blob()
                yield Resent(name, fault)
        for missing in not_there(wanted):
            yield missing

    async def _again(self, events: list[_Event]) -> str | None:
        blobs = [event.blob for event in events if event.blob is not None]
        if not blobs or len(blobs) < len(events):
            return f"It is not about blobs of the container '{RESULTS}' alone."
        for blob in dict.fromkeys(blobs):
            fault = await validated(blob, self._validate)
            if fault is not None:
                return fault
        return None

    async def _blobs(self) -> AsyncIterator[tuple[str, datetime]]:
        async for blob in self._account.client.get_container_client(DEAD_LETTERS).list_blobs():
            yield blob.name, blob.last_modified

    async def _events(self, name: str) -> list[_Event]:
        """Read a letter; one that can't be read has no events."""
        content = await (await self._account.blob(DEAD_LETTERS, name).download_blob()).readall()
        try:
            return _EVENTS.validate_json(content)
        except ValidationError:
            return []


def _letter(name: str, since: datetime, events: list[_Event]) -> Letter:
    batches = dict.fromkeys(batch for event in events if (batch := batch_of(event.blob or "")))
    return Letter(
        name=name,
        batch=", ".join(batches) or None,
        since=since,
        tries=max((event.tries for event in events if event.tries is not None), default=None),
        reason=", ".join(dict.fromkeys(event.reason for event in events if event.reason)) or None,
    )
