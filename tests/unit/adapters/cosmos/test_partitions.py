from typing import Any, cast
from uuid import UUID

from azure.cosmos.aio import ContainerProxy
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fake_stores import CountingContainer
from exchange.adapters.cosmos.partitions import PhysicalPartitions


class Halves(CountingContainer):
    """A container with two physical partitions: the buckets 00 to 7f and the others."""

    async def read_feed_ranges(self) -> Any:
        for half in ("low", "high"):
            yield {"half": half}

    async def feed_range_from_partition_key(self, partition_key: str) -> dict[str, Any]:
        return {"half": find_half(partition_key)}


def find_half(text: str) -> str:
    return "low" if text < "8" else "high"


@given(st.lists(st.uuids(), unique=True), st.integers(1, 5))
async def test_every_id_is_in_one_group_of_its_partition(reference_ids: list[UUID], max_ids: int) -> None:
    container = cast("ContainerProxy", Halves())
    groups = list(await PhysicalPartitions().group(container, reference_ids, max_ids))
    assert sorted(item for _, ids in groups for item in ids) == sorted(reference_ids)
    for feed_range, ids in groups:
        assert 1 <= len(ids) <= max_ids
        assert {find_half(str(item)) for item in ids} == {feed_range["half"]}


async def test_groups_alternate_between_the_partitions() -> None:
    container = cast("ContainerProxy", Halves())
    reference_ids = [UUID(int=number << 96) for number in (1, 2, 3, 4, 5, 2**31, 2**31 + 1)]
    groups = await PhysicalPartitions().group(container, reference_ids, 2)
    assert [(feed_range["half"], len(ids)) for feed_range, ids in groups] == [
        ("low", 2),
        ("high", 2),
        ("low", 2),
        ("low", 1),
    ]
