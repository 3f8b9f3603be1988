"""References and, beside each in its bucket, its enhancements."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from functions.adapters.azure_errors import translated
from functions.adapters.cosmos import bulk, documents, identifiers
from functions.adapters.cosmos.database import CosmosDatabase, Item
from functions.adapters.in_flight import as_completed
from functions.contract.identifiers import ExternalIdentifier
from functions.contract.references import Reference, ReferenceFileInput
from functions.domain.errors import InputRejected
from functions.domain.ids import bucket_of, derived_id, new_id
from functions.domain.selection import Selection
from functions.domain.windows import AcceptedEntry, Refusal
from functions.ports import Loaded

_REFERENCES = "references"
_IDENTIFIERS = "identifiers"

# How many ids one query names: of ids alone, and of references with all that is known of them.
_IDS_A_QUERY = 500
_REFERENCES_A_QUERY = 100


class CosmosReferenceStore:
    """Keeps the references; see `ports.ReferenceStore`."""

    def __init__(self, database: CosmosDatabase, requests_at_once: int) -> None:
        self._database = database
        self._at_once = requests_at_once

    async def add(self, reference: ReferenceFileInput) -> Loaded:
        """Claim the identifiers, then write. A load that was cut short in between is completed by the next one."""
        claims = await self._database.container(_IDENTIFIERS)
        keys = sorted({identifiers.key_of(identifier) for identifier in reference.identifiers or []})
        owners = dict(
            zip(keys, await asyncio.gather(*(identifiers.owner_of(claims, key) for key in keys)), strict=True)
        )
        known = {owner for owner in owners.values() if owner is not None}
        if len(known) > 1:
            raise InputRejected("The identifiers belong to different references.")
        # Two loads of the same reference at the same time choose the same id.
        reference_id = known.pop() if known else derived_id(_REFERENCES, keys[0]) if keys else new_id()
        if keys and not await self.missing([reference_id]):
            return Loaded(reference_id, existing=True)
        await asyncio.gather(
            *(identifiers.claim(claims, key, reference_id) for key, owner in owners.items() if owner is None)
        )
        await self._write(reference_id, documents.of_reference(reference_id, reference))
        return Loaded(reference_id, existing=False)

    async def _write(self, reference_id: UUID, items: list[Item]) -> None:
        """Write the enhancements and, last of all, the reference: it is there only when all of it is."""
        container = await self._database.container(_REFERENCES)
        upserts = [bulk.Upsert(item["id"], item, documents.size_of(item)) for item in items]
        for batch in bulk.batches(upserts):
            refused = await bulk.write_batch(container, bucket_of(reference_id), batch)
            if refused:
                raise InputRejected(f"The reference can't be stored: {refused[0].reason}.")

    async def missing(self, reference_ids: Iterable[UUID]) -> set[UUID]:
        """Ask one query a bucket and group of ids which of them there are."""
        asked = set(reference_ids)
        text = "SELECT VALUE c.id FROM c WHERE c.bucket = @bucket AND c.kind = 'reference' AND c.id IN "
        found: set[UUID] = set()
        async for ids in self._query(text, asked, _IDS_A_QUERY):
            found.update(UUID(item) for item in ids)
        return asked - found

    async def find(self, identifier: ExternalIdentifier) -> UUID | None:
        """Look at the identifier's item."""
        claims = await self._database.container(_IDENTIFIERS)
        return await identifiers.owner_of(claims, identifiers.key_of(identifier))

    async def snapshot(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Reference]:
        """Ask one query a bucket and group of references; each group's answer is put together and handed on."""
        types = ", ".join(f"'{kind}'" for kind in sorted(selection.enhancements))
        wanted = f" OR c.content.enhancement_type IN ({types})" if types else ""
        text = f"SELECT * FROM c WHERE c.bucket = @bucket AND (c.kind = 'reference'{wanted}) AND c.reference_id IN "  # noqa: S608 - the types are an enum's
        async for items in self._query(text, reference_ids, _REFERENCES_A_QUERY):
            for reference in documents.to_references(items, selection):
                yield reference

    async def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        """Write the entries a bucket at a time, some buckets at once."""
        container = await self._database.container(_REFERENCES)
        buckets: dict[str, list[bulk.Upsert]] = defaultdict(list)
        for entry in entries:
            item = documents.of_enhancement(entry.reference_id, entry.enhancement)
            buckets[item["bucket"]].append(bulk.Upsert(entry.entry, item, entry.size + documents.OWN_BYTES))
        writes = (
            bulk.write_batch(container, bucket, batch)
            for bucket, upserts in buckets.items()
            for batch in bulk.batches(upserts)
        )
        async for refused in as_completed(writes, self._at_once):
            yield [Refusal(entry=item.key, reason=item.reason) for item in refused]

    async def _query(self, text: str, reference_ids: Iterable[UUID], group: int) -> AsyncIterator[list[Any]]:
        """Yield the answer to each query; `text` ends where the list of ids goes."""
        queries = (self._ask(text, bucket, ids) for bucket, ids in _groups(reference_ids, group))
        async for items in as_completed(queries, self._at_once):
            yield items

    async def _ask(self, text: str, bucket: str, ids: Sequence[UUID]) -> list[Any]:
        names = [f"@id{number}" for number in range(len(ids))]
        parameters: list[dict[str, object]] = [
            {"name": name, "value": str(item)} for name, item in zip(names, ids, strict=True)
        ]
        parameters.append({"name": "@bucket", "value": bucket})
        with translated("reference"):
            container = await self._database.container(_REFERENCES)
            query = f"{text}({', '.join(names)})"
            return [item async for item in container.query_items(query, parameters=parameters, partition_key=bucket)]


def _groups(reference_ids: Iterable[UUID], most: int) -> Iterator[tuple[str, list[UUID]]]:
    buckets: dict[str, list[UUID]] = defaultdict(list)
    for reference_id in reference_ids:
        buckets[bucket_of(reference_id)].append(reference_id)
    for bucket, ids in buckets.items():
        for start in range(0, len(ids), most):
            yield bucket, ids[start : start + most]
