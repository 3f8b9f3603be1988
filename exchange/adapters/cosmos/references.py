"""References and their enhancements, which share a bucket (partition)."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.concurrency import run_concurrently
from exchange.adapters.cosmos import bulk, documents, identifiers
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import Reference, ReferenceFileInput
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected, Unavailable
from exchange.domain.ids import bucket_of, new_id
from exchange.domain.reference_ids import IdsByBucket, ReferenceIds
from exchange.domain.selection import Selection
from exchange.domain.storable import MAX_DOCUMENT_BYTES
from exchange.ports import LoadResult

_REFERENCES = "references"
_IDENTIFIERS = "identifiers"

# The number of ids in one query that returns ids, and in one that returns references with their enhancements.
_IDS_PER_QUERY = 500
_REFERENCES_PER_QUERY = 100

# An import may retry long: no caller waits for it, and a failed chunk starts again from its beginning. The budget is
# well below `progress_limit_s`.
_IMPORT_RETRY_BUDGET_S = 300.0

# How often a load checks whether the reference that claims its identifiers has been written.
_CLAIM_CHECKS = 20
_CLAIM_CHECK_DELAY_S = 0.5


class CosmosReferenceStore:
    """Stores references and enhancements; see `ports.ReferenceStore`."""

    def __init__(self, database: CosmosDatabase, max_concurrent: int) -> None:
        self._database = database
        self._max_concurrent = max_concurrent

    async def add(self, reference: ReferenceFileInput) -> LoadResult:
        """Claim the identifiers, then write.

        A load that has claimed an identifier is about to write the reference. Other loads wait for it and then find the
        reference. If it never appears, that load was interrupted, and its claims are taken over.
        """
        _check_sizes(reference)
        keys = sorted({identifiers.make_key(identifier) for identifier in reference.identifiers or []})
        if not keys:
            return await self._write(new_id(), reference)
        for check in range(_CLAIM_CHECKS):
            claims = await self._read_claims(keys)
            written = {claim.owner for claim in claims} - await self.find_missing({claim.owner for claim in claims})
            if len(written) > 1:
                raise InputRejected("The identifiers belong to different references.")
            if written:
                return LoadResult(written.pop(), existing=True)
            if claims and check < _CLAIM_CHECKS - 1:
                await asyncio.sleep(_CLAIM_CHECK_DELAY_S)
                continue
            owner = min((claim.owner for claim in claims), default=None) or new_id()
            if await self._claim_all(keys, claims, owner):
                return await self._write(owner, reference)
        raise Unavailable("Another caller is loading references with the same identifiers. Try again.")

    async def _read_claims(self, keys: Sequence[str]) -> list[identifiers.Claim]:
        container = await self._database.container(_IDENTIFIERS)
        found = await asyncio.gather(*(identifiers.read_claim(container, key) for key in keys))
        return [claim for claim in found if claim is not None]

    async def _claim_all(self, keys: Sequence[str], claims: Sequence[identifiers.Claim], owner: UUID) -> bool:
        """Claim the keys one by one, in the same order as other loads. If one is lost, release the new claims."""
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

    async def _write(self, reference_id: UUID, reference: ReferenceFileInput) -> LoadResult:
        """Write the enhancements and then the reference, so that it exists only when it is complete."""
        container = await self._database.container(_REFERENCES)
        items = documents.reference_to_items(reference_id, reference)
        upserts = [bulk.Upsert(item["id"], item, documents.compute_size(item)) for item in items]
        for transaction in bulk.split_into_transactions(upserts):
            refused = await bulk.write_transaction(container, bucket_of(reference_id), transaction)
            if refused:
                raise InputRejected(f"The reference cannot be stored: {refused[0].reason}.")
        return LoadResult(reference_id, existing=False)

    async def find_missing(self, reference_ids: Iterable[UUID], *, include_hidden: bool = True) -> set[UUID]:
        """Query which ids exist, bucket by bucket, in groups of ids."""
        requested = set(reference_ids)
        visible = "" if include_hidden else "AND c.visibility != 'hidden' "
        text = f"SELECT VALUE c.id FROM c WHERE c.bucket = @bucket AND c.kind = 'reference' {visible}AND c.id IN "  # noqa: S608 - constants
        found: set[UUID] = set()
        async for ids in self._query(text, requested, _IDS_PER_QUERY):
            found.update(UUID(item) for item in ids)
        return requested - found

    async def find(self, identifier: ExternalIdentifier) -> UUID | None:
        """Read the item of the identifier."""
        container = await self._database.container(_IDENTIFIERS)
        claim = await identifiers.read_claim(container, identifiers.make_key(identifier))
        return None if claim is None else claim.owner

    async def read_all(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Reference]:
        """Query the references bucket by bucket, in groups. Yield each group as it arrives."""
        types = ", ".join(f"'{kind}'" for kind in sorted(selection.enhancements))
        wanted = f" OR c.content.enhancement_type IN ({types})" if types else ""
        text = f"SELECT * FROM c WHERE c.bucket = @bucket AND (c.kind = 'reference'{wanted}) AND c.reference_id IN "  # noqa: S608 - members of an enum
        async for items in self._query(text, reference_ids, _REFERENCES_PER_QUERY):
            for reference in documents.to_references(items, selection):
                yield reference

    async def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        """Write the entries bucket by bucket. Items are made just before they are sent, to save memory."""
        container = await self._database.container(_REFERENCES)
        # In a thread, because there may be many, and the event loop is shared by all invocations.
        buckets = await asyncio.to_thread(_group_by_bucket, entries)
        writes = (
            bulk.write_transaction(
                container,
                bucket,
                [_to_upsert(entries[place.number], place.size) for place in transaction],
                _IMPORT_RETRY_BUDGET_S,
            )
            for bucket, places in buckets.items()
            for transaction in bulk.split_into_transactions(places)
        )
        async for refused in run_concurrently(writes, self._max_concurrent):
            yield [Refusal(entry=item.key, reason=item.reason) for item in refused]

    async def _query(self, text: str, reference_ids: Iterable[UUID], group: int) -> AsyncIterator[list[Any]]:
        """Yield the items of each query. The list of ids is appended to `text`."""
        # In a thread, because there may be many, and the event loop is shared by all invocations.
        by_bucket = await asyncio.to_thread(IdsByBucket, reference_ids)
        queries = (self._execute(text, bucket, ids) for bucket, ids in by_bucket.groups(group))
        async for items in run_concurrently(queries, self._max_concurrent):
            yield items

    async def _execute(self, text: str, bucket: str, ids: ReferenceIds) -> list[Any]:
        names = [f"@id{number}" for number in range(len(ids))]
        parameters: list[dict[str, object]] = [
            {"name": name, "value": str(item)} for name, item in zip(names, ids, strict=True)
        ]
        parameters.append({"name": "@bucket", "value": bucket})
        with translate_errors("reference"):
            container = await self._database.container(_REFERENCES)
            query = f"{text}({', '.join(names)})"
            return [item async for item in container.query_items(query, parameters=parameters, partition_key=bucket)]


class _Place(NamedTuple):
    """The index of an entry, and the length of its item in bytes."""

    number: int
    size: int


def _group_by_bucket(entries: Sequence[AcceptedEntry]) -> dict[str, list[_Place]]:
    buckets: dict[str, list[_Place]] = defaultdict(list)
    for number, entry in enumerate(entries):
        buckets[bucket_of(entry.reference_id)].append(_Place(number, entry.size + documents.OWN_BYTES))
    return buckets


def _to_upsert(entry: AcceptedEntry, size: int) -> bulk.Upsert:
    return bulk.Upsert(entry.entry, documents.enhancement_to_item(entry.reference_id, entry.enhancement), size)


def _check_sizes(reference: ReferenceFileInput) -> None:
    """Refuse a reference that the store would refuse, before anything is written."""
    if any(
        documents.compute_size(item) > MAX_DOCUMENT_BYTES for item in documents.reference_to_items(new_id(), reference)
    ):
        raise InputRejected("The reference cannot be stored: it or one of its enhancements is too large.")
