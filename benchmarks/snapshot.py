"""The snapshot: references from Cosmos DB into the blob that the robot reads."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from benchmarks.figures import NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import ids, references
from benchmarks.site import Item, Site, each_at_once
from exchange.contract.base import to_jsonl
from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.references import Reference
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.ids import bucket_of, derived_id
from exchange.use_cases.write_snapshot import write_snapshot

GOAL = Goal(
    name="snapshot",
    unit="references/s",
    naive=Bound(10, floor=3),
    why=(
        "The Cosmos DB server looks at each item of a bucket for each id of a query: three quarters of the time "
        "are its, where an index would answer. Ours are 40 us a reference. What would help: nothing here; in "
        "Azure the index does."
    ),
)

_TYPES = [EnhancementType.BIBLIOGRAPHIC, EnhancementType.ABSTRACT]
NEEDS: Mapping[str, Sequence[str]] = {"dependent_enhancements": _TYPES, "dependent_identifiers": list(IdentifierType)}
"""What a robot that judges by title and abstract depends on."""

_IN_FLIGHT = 16
# The naive way keeps a reference whole, in one item.
_WHOLE = "whole"


def stored(known: Sequence[UUID], made: Iterator[dict[str, Any]]) -> Iterator[Item]:
    """Yield references as they lie in Cosmos DB: each, and its enhancements beside it."""
    for reference_id, reference in zip(known, made, strict=True):
        own = {"reference_id": str(reference_id), "bucket": bucket_of(reference_id)}
        for number, enhancement in enumerate(reference["enhancements"]):
            fields = {name: value for name, value in enhancement.items() if name != "enhancement_type"}
            yield {**fields, **own, "id": str(derived_id(reference_id, number)), "kind": "enhancement"}
        kept = {"visibility": reference["visibility"], "identifiers": reference["identifiers"]}
        yield {**kept, **own, "id": str(reference_id), "kind": "reference"}


def _whole(known: Sequence[UUID], made: Iterator[dict[str, Any]]) -> Iterator[Item]:
    for reference_id, reference in zip(known, made, strict=True):
        enhancements = [
            {**one, "id": str(derived_id(reference_id, number)), "reference_id": str(reference_id)}
            for number, one in enumerate(reference["enhancements"])
            if one["enhancement_type"] in _TYPES
        ]
        yield {**reference, "enhancements": enhancements, "id": f"{_WHOLE} {reference_id}", "bucket": _WHOLE}


async def _naive(site: Site, batch: Batch, known: Sequence[UUID]) -> None:
    """Read one reference after the other, some in flight, and write the blob at the end."""
    lines: list[bytes] = []
    container = site.references

    async def read(reference_id: UUID) -> None:
        item = await container.read_item(f"{_WHOLE} {reference_id}", partition_key=_WHOLE)
        lines.append(to_jsonl(Reference.model_validate({**item, "id": reference_id}, strict=False)))

    await each_at_once(_IN_FLIGHT, read, known)
    blob = site.blobs.get_blob_client(blob_names.BATCHES, f"{batch.id}/naive.jsonl")
    await blob.upload_blob(b"".join(lines), overwrite=True)


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure references a second; the naive way reads a part of them."""
    count, few = effort.size(10_000, 25_000), effort.size(300, 1_000)
    known = ids(count)
    await site.upsert(stored(known, references(count, site.folder)))
    await site.upsert(_whole(known[:few], references(few, site.folder)))
    batch = await site.taken_batch((await site.robot(**NEEDS)).id, known)
    rounds: dict[str, list[float]] = {OURS: [], NAIVE: []}
    for _ in range(effort.rounds):
        begun = time.perf_counter()
        await write_snapshot(batch, site.services)
        rounds[OURS].append(count / (time.perf_counter() - begun))
        begun = time.perf_counter()
        await _naive(site, batch, known[:few])
        rounds[NAIVE].append(few / (time.perf_counter() - begun))
    return {GOAL.name: rounds}


BENCHMARK = Benchmark((GOAL,), measure)
