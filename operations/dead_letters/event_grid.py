"""Blob events that Event Grid could not deliver. It writes them to the container `dead-letters`."""

from collections.abc import AsyncIterator, Collection
from datetime import datetime

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.blobs import BlobAccount
from exchange.domain.blob_names import DEAD_LETTERS, RESULTS
from operations.dead_letters.revalidation import Validate, find_batch_id, revalidate
from operations.dead_letters.source import DeadLetter, ResendResult, report_missing

_RESULT_PREFIX = f"/blobServices/default/containers/{RESULTS}/blobs/"


class _Event(BaseModel):
    """The fields of an event that are read, in Event Grid's schema or as a CloudEvent."""

    subject: str
    reason: str | None = Field(None, validation_alias=AliasChoices("deadLetterReason", "deadletterreason"))
    attempts: int | None = Field(None, validation_alias=AliasChoices("deliveryAttempts", "deliveryattempts"))

    @property
    def blob(self) -> str | None:
        """The name of the uploaded blob. None if it is not in the container `results`."""
        return self.subject.removeprefix(_RESULT_PREFIX) if self.subject.startswith(_RESULT_PREFIX) else None


_EVENTS = TypeAdapter(list[_Event])


class EventGridSource:
    """The dead-letter container; see `source.Source`. A dead letter is a blob with one or several events."""

    name = "events"

    def __init__(self, account: BlobAccount, validate: Validate) -> None:
        self._account = account
        self._validate = validate

    async def list_all(self) -> list[DeadLetter]:
        """Read each blob."""
        with translate_errors("dead-letter container"):
            return [_make_letter(name, since, await self._read_events(name)) async for name, since in self._blobs()]

    async def resend(self, names: Collection[str] | None) -> AsyncIterator[ResendResult]:
        """Validate the uploads of each blob, then delete the blob."""
        remaining = set(names or ())
        with translate_errors("dead-letter container"):
            async for name, _ in self._blobs():
                if names is not None and name not in remaining:
                    continue
                remaining.discard(name)
                fault = await self._revalidate(await self._read_events(name))
                if fault is None:
                    await self._account.blob(DEAD_LETTERS, name).delete_blob()
                yield ResendResult(name, fault)
        for missing in report_missing(remaining):
            yield missing

    async def _revalidate(self, events: list[_Event]) -> str | None:
        blobs = [event.blob for event in events if event.blob is not None]
        if not blobs or len(blobs) < len(events):
            return f"It has events that are not about blobs of the container '{RESULTS}'."
        for blob in dict.fromkeys(blobs):
            fault = await revalidate(blob, self._validate)
            if fault is not None:
                return fault
        return None

    async def _blobs(self) -> AsyncIterator[tuple[str, datetime]]:
        async for blob in self._account.client.get_container_client(DEAD_LETTERS).list_blobs():
            yield blob.name, blob.last_modified

    async def _read_events(self, name: str) -> list[_Event]:
        """Return the events in a blob. A blob that is not readable has none."""
        content = await (await self._account.blob(DEAD_LETTERS, name).download_blob()).readall()
        try:
            return _EVENTS.validate_json(content)
        except ValidationError:
            return []


def _make_letter(name: str, since: datetime, events: list[_Event]) -> DeadLetter:
    batch_ids = dict.fromkeys(batch_id for event in events if (batch_id := find_batch_id(event.blob or "")))
    return DeadLetter(
        name=name,
        batch_id=", ".join(batch_ids) or None,
        since=since,
        attempts=max((event.attempts for event in events if event.attempts is not None), default=None),
        reason=", ".join(dict.fromkeys(event.reason for event in events if event.reason)) or None,
    )
