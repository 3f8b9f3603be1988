"""Blob events that Event Grid could not deliver. It writes them to the container `dead-letters`."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from datetime import datetime

from pydantic import AliasChoices, BaseModel, Field, TypeAdapter, ValidationError

from exchange.adapters.blobs import BlobAccount
from exchange.adapters.dead_letters.errors import translate_dead_letter_errors
from exchange.concurrency import run_concurrently
from exchange.contract.operations import MAX_COUNTED
from exchange.domain.blob_names import DEAD_LETTERS, RESULTS
from exchange.domain.dead_letters import DeadLetter, DeadLetterPage, ResendResult, find_batch_id, report_missing
from exchange.domain.errors import NotFound
from exchange.ports import Revalidate

_RESULT_PREFIX = f"/blobServices/default/containers/{RESULTS}/blobs/"
_MAX_CONCURRENT = 8


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


class EventGridDeadLetters:
    """The dead-letter container; see `ports.DeadLetterStore`. A dead letter is a blob with one or several events."""

    def __init__(self, account: BlobAccount) -> None:
        self._account = account

    async def count(self) -> int:
        """Return the number of blobs, at most `MAX_COUNTED`. Raises NotFound if the container does not exist."""
        count = 0
        container = self._account.client.get_container_client(DEAD_LETTERS)
        with translate_dead_letter_errors("dead-letter container"):
            async for page in container.list_blobs(results_per_page=MAX_COUNTED).by_page():
                count += len([blob async for blob in page])
                # A page may be short or even empty while others follow.
                if count >= MAX_COUNTED:
                    break
        return min(count, MAX_COUNTED)

    async def list_first(self, limit: int) -> DeadLetterPage:
        """Read each blob, in the order of their names."""
        found: list[tuple[str, datetime]] = []
        with translate_dead_letter_errors("dead-letter container"):
            async for blob in self._list_blobs():
                found.append(blob)
                if len(found) > limit:
                    break
            reads = (self._read(name, since) for name, since in found[:limit])
            letters = [letter async for letter in run_concurrently(reads, _MAX_CONCURRENT) if letter is not None]
        return DeadLetterPage(sorted(letters, key=lambda letter: letter.name), len(found) > limit)

    async def resend(self, names: Collection[str] | None, revalidate: Revalidate) -> AsyncGenerator[ResendResult, None]:
        """Have the uploads of each blob validated, then delete the blob."""
        remaining = set(names or ())
        with translate_dead_letter_errors("dead-letter container"):
            async for name, _ in self._list_blobs():
                if names is not None and name not in remaining:
                    continue
                events = await self._read_events(name)
                if events is None:
                    # Another process has resent it.
                    continue
                remaining.discard(name)
                fault = await _revalidate(events, revalidate)
                if fault is None:
                    await self._delete(name)
                yield ResendResult(name, fault)
        for missing in report_missing(remaining):
            yield missing

    async def _list_blobs(self) -> AsyncIterator[tuple[str, datetime]]:
        async for blob in self._account.client.get_container_client(DEAD_LETTERS).list_blobs():
            yield blob.name, blob.last_modified

    async def _read(self, name: str, since: datetime) -> DeadLetter | None:
        events = await self._read_events(name)
        return None if events is None else _make_letter(name, since, events)

    async def _read_events(self, name: str) -> list[_Event] | None:
        """Return the events in a blob. A blob that is not readable has none. Return None if it does not exist."""
        try:
            with translate_dead_letter_errors("dead letter"):
                content = await (await self._account.blob(DEAD_LETTERS, name).download_blob()).readall()
        except NotFound:
            return None
        try:
            return _EVENTS.validate_json(content)
        except ValidationError:
            return []

    async def _delete(self, name: str) -> None:
        try:
            with translate_dead_letter_errors("dead letter"):
                await self._account.blob(DEAD_LETTERS, name).delete_blob()
        except NotFound:
            return


async def _revalidate(events: Sequence[_Event], revalidate: Revalidate) -> str | None:
    blobs = [event.blob for event in events if event.blob is not None]
    if not blobs or len(blobs) < len(events):
        return f"It has events that are not about blobs of the container '{RESULTS}'."
    for blob in dict.fromkeys(blobs):
        fault = await revalidate(blob)
        if fault is not None:
            return fault
    return None


def _make_letter(name: str, since: datetime, events: Sequence[_Event]) -> DeadLetter:
    batch_ids = dict.fromkeys(batch_id for event in events if (batch_id := find_batch_id(event.blob or "")))
    return DeadLetter(
        name=name,
        batch_ids=tuple(batch_ids),
        since=since,
        attempts=max((event.attempts for event in events if event.attempts is not None), default=None),
        reason=", ".join(dict.fromkeys(event.reason for event in events if event.reason)) or None,
    )
