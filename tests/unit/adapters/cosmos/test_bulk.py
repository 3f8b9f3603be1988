import asyncio
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError
from azure.cosmos.aio import ContainerProxy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.adapters.cosmos import bulk
from exchange.adapters.cosmos.bulk import MAX_BYTES, MAX_OPERATIONS, Refused, Upsert, batches, write_transaction
from exchange.domain.errors import Unavailable
from tests.unit.adapters.cosmos_errors import answered, within_a_batch

SIZES = st.lists(
    st.integers(0, 2_000) | st.integers(100_000, 1_000_000) | st.integers(MAX_BYTES - 200, MAX_BYTES + 200),
    max_size=250,
)


def upserts(sizes: Sequence[int]) -> list[Upsert]:
    return [Upsert(number, {"id": str(number)}, size) for number, size in enumerate(sizes)]


def framed(batch: list[Upsert]) -> int:
    return sum(upsert.size + bulk._OVERHEAD_BYTES for upsert in batch)


@settings(max_examples=100, deadline=None)
@given(SIZES)
@example([0] * 250)
@example([MAX_BYTES])
@example([MAX_BYTES // 2 - bulk._OVERHEAD_BYTES] * 3)
def test_batches_keep_all_in_order_and_pass_no_limit(sizes: list[int]) -> None:
    every = upserts(sizes)
    cut = list(batches(every))
    assert [upsert for batch in cut for upsert in batch] == every
    for batch in cut:
        assert 1 <= len(batch) <= MAX_OPERATIONS
        assert framed(batch) <= MAX_BYTES or len(batch) == 1
    for batch, following in pairwise(cut):
        assert len(batch) == MAX_OPERATIONS or framed([*batch, following[0]]) > MAX_BYTES, "there was room for more"


class Container:
    """Takes a batch wholly or not at all, as Cosmos DB does, and refuses those of `culprits`."""

    def __init__(self, culprits: Iterable[int] = (), *, status: int = 413, tells: bool = True) -> None:
        self.culprits = {str(number) for number in culprits}
        self.status = status
        self.tells = tells
        self.stored: list[str] = []
        self.requests = 0
        self.weather: list[Exception] = []

    async def execute_item_batch(self, operations: list[tuple[str, tuple[dict[str, Any]]]], partition_key: str) -> None:
        await asyncio.sleep(0)
        self.requests += 1
        if self.weather:
            raise self.weather.pop(0)
        assert partition_key == "ab"
        assert {kind for kind, _ in operations} == {"upsert"}
        ids = [item["id"] for _, (item,) in operations]
        for index, item_id in enumerate(ids):
            if item_id in self.culprits:
                if self.tells:
                    raise within_a_batch(self.status, index=index)
                raise answered(self.status)
        self.stored += ids


async def write(container: Container, count: int) -> list[Refused]:
    return await write_transaction(cast("ContainerProxy", container), "ab", upserts([1] * count))


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 20),
    culprits=st.sets(st.integers(0, 19), max_size=4),
    status=st.sampled_from([400, 413]),
    tells=st.booleans(),
)
async def test_what_the_store_refuses_is_refused_alone(
    *, count: int, culprits: set[int], status: int, tells: bool
) -> None:
    container = Container(culprits, status=status, tells=tells)
    refused = await write(container, count)
    why = "it is too large" if status == 413 else "the store takes no such item"
    assert sorted(refused, key=lambda item: item.key) == [Refused(key, why) for key in sorted(culprits) if key < count]
    assert sorted(container.stored, key=int) == [str(key) for key in range(count) if key not in culprits]


async def test_what_is_fine_takes_one_request() -> None:
    container = Container()
    assert await write(container, MAX_OPERATIONS) == []
    assert container.requests == 1


async def test_a_throttled_batch_is_tried_again_when_the_store_says() -> None:
    container = Container()
    container.weather = [within_a_batch(429, {"x-ms-retry-after-ms": "1"}) for _ in range(5)]
    assert await write(container, 3) == []
    assert (container.requests, container.stored) == (6, ["0", "1", "2"])


async def test_one_that_has_more_patience_waits_longer() -> None:
    container = Container()
    container.weather = [within_a_batch(429, {"x-ms-retry-after-ms": "20"}) for _ in range(3)]
    with pytest.raises(Unavailable):
        await write_transaction(cast("ContainerProxy", container), "ab", upserts([1]), 0.03)
    assert (container.requests, container.stored) == (2, [])
    await write_transaction(cast("ContainerProxy", container), "ab", upserts([1]), 0.05)
    assert container.stored == ["0"]


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (within_a_batch(429, {"x-ms-retry-after-ms": "60000"}), 60.0),
        (within_a_batch(449), None),
        (answered(503), None),
        (ServiceRequestError("out of reach"), None),
    ],
)
async def test_an_outage_is_raised_and_nothing_refused(failure: Exception, wait: float | None) -> None:
    container = Container()
    container.weather = [failure]
    with pytest.raises(Unavailable) as raised:
        await write(container, 3)
    assert (container.requests, raised.value.retry_after_s) == (1, wait)


async def test_what_nobody_expects_is_raised_as_it_is() -> None:
    container = Container()
    container.weather = [answered(403)]
    with pytest.raises(HttpResponseError, match="403"):
        await write(container, 3)
