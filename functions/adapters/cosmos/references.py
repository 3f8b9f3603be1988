"""References and, beside each in its bucket, its enhancements."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from functions.adapters.azure_errors import translated
from functions.adapters.cosmos import bulk, documents, identifiers
from functions.adapters.cosmos.database import CosmosDatabase
from functions.adapters.in_flight import as_completed
from functions.contract.identifiers import ExternalIdentifier
from functions.contract.references import Reference, ReferenceFileInput
from functions.domain.errors import InputRejected, Unavailable
from functions.domain.ids import bucket_of, new_id
from functions.domain.reference_ids import IdsByBucket, ReferenceIds
from functions.domain.selection import Selection
from functions.domain.storable import LARGEST_DOCUMENT
from functions.domain.windows import AcceptedEntry, Refusal
from functions.ports import Loaded

_REFERENCES = "references"
_IDENTIFIERS = "identifiers"

# How many ids one query names: of ids alone, and of references with all that is known of them.
_IDS_A_QUERY = 500
_REFERENCES_A_QUERY = 100

# Nobody waits for an import, and to give up is to begin its window anew: many at once would keep each other from it.
# It is still well within what an import may take without a sign of work.
_IMPORT_PATIENCE_S = 300.0

# How often and how long one looks whether a reference comes whose identifiers somebody has claimed.
_LOOKS = 20
_LOOK_AGAIN_S = 0.5


class CosmosReferenceStore:
    """Keeps the references; see `ports.ReferenceStore`."""

    def __init__(self, database: CosmosDatabase, requests_at_once: int) -> None:
        self._database = database
        self._at_once = requests_at_once

    async def add(self, reference: ReferenceFileInput) -> Loaded:
        """Claim the identifiers, then write.

        Whoever has claimed one is about to write: others wait for that, and then find the reference there. If nothing
        comes, that load was cut short, and its claims are taken over.
        """
        _check_sizes(reference)
        keys = sorted({identifiers.key_of(identifier) for identifier in reference.identifiers or []})
        if not keys:
            return await self._write(new_id(), reference)
        for look in range(_LOOKS):
            claims = await self._claims(keys)
            written = {claim.owner for claim in claims} - await self.missing({claim.owner for claim in claims})
            if len(written) > 1:
                raise InputRejected("The identifiers belong to different references.")
            if written:
                return Loaded(written.pop(), existing=True)
            if claims and look < _LOOKS - 1:
                await asyncio.sleep(_LOOK_AGAIN_S)
                continue
            owner = min((claim.owner for claim in claims), default=None) or new_id()
            if await self._claim_all(keys, claims, owner):
                return await self._write(owner, reference)
        raise Unavailable("Others are loading references with the same identifiers: try again.")

    async def _claims(self, keys: Sequence[str]) -> list[identifiers.Claim]:
        container = await self._database.container(_IDENTIFIERS)
        found = await asyncio.gather(*(identifiers.claim_of(container, key) for key in keys))
        return [claim for claim in found if claim is not None]

    async def _claim_all(self, keys: Sequence[str], claims: Sequence[identifiers.Claim], owner: UUID) -> bool:
        """Claim one key after another, all in the same order; give back what is new if somebody else was faster."""
        container = await self._database.container(_IDENTIFIERS)
        known = {claim.key: claim for claim in claims}
        new: list[str] = []
        for key in keys:
            if not await identifiers.claim(container, key, owner, known.get(key)):
                for mine in new:
                    await identifiers.release(container, mine)
                return False
            if key not in known:
                new.append(key)
        return True

    async def _write(self, reference_id: UUID, reference: ReferenceFileInput) -> Loaded:
        """Write the enhancements and, last of all, the reference: it is there only when all of it is."""
        container = await self._database.container(_REFERENCES)
        items = documents.of_reference(reference_id, reference)
        upserts = [bulk.Upsert(item["id"], item, documents.size_of(item)) for item in items]
        for batch in bulk.batches(upserts):
            refused = await bulk.write_batch(container, bucket_of(reference_id), batch)
            if refused:
                raise InputRejected(f"The reference can't be stored: {refused[0].reason}.")
        return Loaded(reference_id, existing=False)

    async def missing(self, reference_ids: Iterable[UUID], *, hidden_too: bool = True) -> set[UUID]:
        """Ask one query a bucket and group of ids which of them there are."""
        asked = set(reference_ids)
        shown = "" if hidden_too else "AND c.visibility != 'hidden' "
        text = f"SELECT VALUE c.id FROM c WHERE c.bucket = @bucket AND c.kind = 'reference' {shown}AND c.id IN "  # noqa: S608 - words of our own
        found: set[UUID] = set()
        async for ids in self._query(text, asked, _IDS_A_QUERY):
            found.update(UUID(item) for item in ids)
        return asked - found

    async def find(self, identifier: ExternalIdentifier) -> UUID | None:
        """Look at the identifier's item."""
        container = await self._database.container(_IDENTIFIERS)
        claim = await identifiers.claim_of(container, identifiers.key_of(identifier))
        return None if claim is None else claim.owner

    async def snapshot(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Reference]:
        """Ask one query a bucket and group of references; each group's answer is put together and handed on."""
        types = ", ".join(f"'{kind}'" for kind in sorted(selection.enhancements))
        wanted = f" OR c.content.enhancement_type IN ({types})" if types else ""
        text = f"SELECT * FROM c WHERE c.bucket = @bucket AND (c.kind = 'reference'{wanted}) AND c.reference_id IN "  # noqa: S608 - the types are an enum's
        async for items in self._query(text, reference_ids, _REFERENCES_A_QUERY):
            for reference in documents.to_references(items, selection):
                yield reference

    async def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        """Write the entries a bucket at a time, some buckets at once; their items are made as they are written."""
        container = await self._database.container(_REFERENCES)
        # In a thread: there are many, and the event loop is every invocation's.
        buckets = await asyncio.to_thread(_by_bucket, entries)
        writes = (
            bulk.write_batch(
                container, bucket, [_upsert(entries[place.number], place.size) for place in batch], _IMPORT_PATIENCE_S
            )
            for bucket, places in buckets.items()
            for batch in bulk.batches(places)
        )
        async for refused in as_completed(writes, self._at_once):
            yield [Refusal(entry=item.key, reason=item.reason) for item in refused]

    async def _query(self, text: str, reference_ids: Iterable[UUID], group: int) -> AsyncIterator[list[Any]]:
        """Yield the answer to each query; `text` ends where the list of ids goes."""
        # In a thread: there may be a hundred thousand, and the event loop is every invocation's.
        by_bucket = await asyncio.to_thread(IdsByBucket, reference_ids)
        queries = (self._ask(text, bucket, ids) for bucket, ids in by_bucket.groups(group))
        async for items in as_completed(queries, self._at_once):
            yield items

    async def _ask(self, text: str, bucket: str, ids: ReferenceIds) -> list[Any]:
        names = [f"@id{number}" for number in range(len(ids))]
        parameters: list[dict[str, object]] = [
            {"name": name, "value": str(item)} for name, item in zip(names, ids, strict=True)
        ]
        parameters.append({"name": "@bucket", "value": bucket})
        with translated("reference"):
            container = await self._database.container(_REFERENCES)
            query = f"{text}({', '.join(names)})"
            return [item async for item in container.query_items(query, parameters=parameters, partition_key=bucket)]


class _Place(NamedTuple):
    """Which of the entries, and the length of its item."""

    number: int
    size: int


def _by_bucket(entries: Sequence[AcceptedEntry]) -> dict[str, list[_Place]]:
    buckets: dict[str, list[_Place]] = defaultdict(list)
    for number, entry in enumerate(entries):
        buckets[bucket_of(entry.reference_id)].append(_Place(number, entry.size + documents.OWN_BYTES))
    return buckets


def _upsert(entry: AcceptedEntry, size: int) -> bulk.Upsert:
    return bulk.Upsert(entry.entry, documents.of_enhancement(entry.reference_id, entry.enhancement), size)


def _check_sizes(reference: ReferenceFileInput) -> None:
    """Refuse what the store would, before anything is written."""
    if any(documents.size_of(item) > LARGEST_DOCUMENT for item in documents.of_reference(new_id(), reference)):
        raise InputRejected("The reference can't be stored: one of its parts is too large.")
