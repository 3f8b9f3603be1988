"""The snapshot: it reads references from Cosmos DB and writes the blob that the robot reads."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from benchmarks.goals import NAIVE, OURS, Benchmark, Bound, Effort, Goal, Rounds
from benchmarks.inputs import make_ids, make_references
from benchmarks.site import Item, Site, apply_concurrently
from exchange.contract.base import to_jsonl
from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.references import Reference
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.ids import bucket_of, derive_id, new_id
from exchange.use_cases.write_snapshot import write_snapshot

GOAL = Goal(
    name="snapshot",
    unit="references/s",
    naive=Bound(10, floor=3),
    explanation=(
        "The naive implementation reads one item for each reference, with only the enhancements that the robot needs. "
        "Ours reads an item for each enhancement, because an import writes them separately. Our part takes 40 us per "
        "reference, and the Cosmos DB server takes most of the rest."
    ),
)

_TYPES = [EnhancementType.BIBLIOGRAPHIC, EnhancementType.ABSTRACT]
NEEDS: Mapping[str, Sequence[str]] = {"dependent_enhancements": _TYPES, "dependent_identifiers": list(IdentifierType)}
"""The dependencies of a robot that needs titles and abstracts."""

_MAX_CONCURRENT = 16
# The naive implementation stores a reference with its enhancements in one item.
_WHOLE = "whole"


# When all enhancements were added.
_CREATED_AT = "2026-01-01T00:00:00Z"


def make_items(reference_ids: Sequence[UUID], references: Iterator[dict[str, Any]]) -> Iterator[Item]:
    """Yield the items of references as Cosmos DB has them: one for each reference and for each enhancement."""
    for reference_id, reference in zip(reference_ids, references, strict=True):
        keys = {"reference_id": str(reference_id), "bucket": bucket_of(reference_id)}
        for number, enhancement in enumerate(reference["enhancements"]):
            fields = {name: value for name, value in enhancement.items() if name != "enhancement_type"}
            fields["created_at"] = _CREATED_AT
            yield {**fields, **keys, "id": str(derive_id(reference_id, number)), "kind": "enhancement"}
        fields = {"visibility": reference["visibility"], "identifiers": reference["identifiers"]}
        yield {**fields, **keys, "id": str(reference_id), "kind": "reference"}


def _make_whole_items(reference_ids: Sequence[UUID], references: Iterator[dict[str, Any]]) -> Iterator[Item]:
    for reference_id, reference in zip(reference_ids, references, strict=True):
        enhancements = [
            {**enhancement, "id": str(derive_id(reference_id, number)), "reference_id": str(reference_id)}
            for number, enhancement in enumerate(reference["enhancements"])
            if enhancement["enhancement_type"] in _TYPES
        ]
        yield {**reference, "enhancements": enhancements, "id": f"{_WHOLE} {reference_id}", "bucket": _WHOLE}


async def _run_naive(site: Site, batch: Batch, reference_ids: Sequence[UUID]) -> None:
    """Read each reference with a request of its own, several concurrently, and write the blob at the end."""
    lines: list[bytes] = []
    container = site.references

    async def read(reference_id: UUID) -> None:
        item = await container.read_item(f"{_WHOLE} {reference_id}", partition_key=_WHOLE)
        lines.append(to_jsonl(Reference.model_validate({**item, "id": reference_id}, strict=False)))

    await apply_concurrently(_MAX_CONCURRENT, read, reference_ids)
    blob = site.blobs.get_blob_client(blob_names.BATCHES, f"{batch.id}/naive.jsonl")
    await blob.upload_blob(b"".join(lines), overwrite=True)


async def measure(site: Site, effort: Effort) -> dict[str, Rounds]:
    """Measure references per second. The naive implementation reads some of them."""
    count, few = effort.choose(10_000, 25_000), effort.choose(300, 1_000)
    reference_ids = make_ids(count)
    await site.upsert(make_items(reference_ids, make_references(count, site.folder)))
    await site.upsert(_make_whole_items(reference_ids[:few], make_references(few, site.folder)))
    batch = await site.make_accepted_batch((await site.register_robot(**NEEDS)).id, reference_ids)
    rounds: dict[str, list[float]] = {OURS: [], NAIVE: []}
    for _ in range(effort.rounds):
        started = time.perf_counter()
        await write_snapshot(batch, new_id(), site.services)
        rounds[OURS].append(count / (time.perf_counter() - started))
        started = time.perf_counter()
        await _run_naive(site, batch, reference_ids[:few])
        rounds[NAIVE].append(few / (time.perf_counter() - started))
    return {GOAL.name: rounds}


BENCHMARK = Benchmark((GOAL,), measure)
