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
from exchange.adapters.cosmos.bulk import (
    MAX_BYTES,
    MAX_OPERATIONS,
    Refused,
    Upsert,
    split_into_transactions,
    write_transaction,
)
from exchange.domain.errors import Unavailable
from tests.unit.adapters.cosmos_errors import response_error, transaction_error

SIZES = st.lists(
    st.integers(0, 2_000) | st.integers(100_000, 1_000_000) | st.integers(MAX_BYTES - 200, MAX_BYTES + 200),
    max_size=250,
)


def make_upserts(sizes: Sequence[int]) -> list[Upsert]:
    return [Upsert(number, {"id": str(number)}, size) for number, size in enumerate(sizes)]


def size_of(transaction: list[Upsert]) -> int:
    return sum(upsert.size + bulk._OVERHEAD_BYTES for upsert in transaction)


@settings(max_examples=100, deadline=None)
@given(SIZES)
@example([0] * 250)
@example([MAX_BYTES])
@example([MAX_BYTES // 2 - bulk._OVERHEAD_BYTES] * 3)
def test_transactions_keep_the_order_and_the_limits(sizes: list[int]) -> None:
    upserts = make_upserts(sizes)
    transactions = list(split_into_transactions(upserts))
    assert [upsert for transaction in transactions for upsert in transaction] == upserts
    for transaction in transactions:
        assert 1 <= len(transaction) <= MAX_OPERATIONS
        assert size_of(transaction) <= MAX_BYTES or len(transaction) == 1
    for transaction, following in pairwise(transactions):
        is_full = len(transaction) == MAX_OPERATIONS or size_of([*transaction, following[0]]) > MAX_BYTES
        assert is_full, "the next item would have fitted"


class Container:
    """Stores a transaction completely or not at all, as Cosmos DB does. It refuses the items of `culprits`.

    If `names_culprit`, the error names the refused item.
    """

    def __init__(self, culprits: Iterable[int] = (), *, status: int = 413, names_culprit: bool = True) -> None:
        self.culprits = {str(number) for number in culprits}
        self.status = status
        self.names_culprit = names_culprit
        self.stored: list[str] = []
        self.requests = 0
        self.failures: list[Exception] = []

    async def execute_item_batch(self, operations: list[tuple[str, tuple[dict[str, Any]]]], partition_key: str) -> None:
        await asyncio.sleep(0)
        self.requests += 1
        if self.failures:
            raise self.failures.pop(0)
        assert partition_key == "ab"
        assert {kind for kind, _ in operations} == {"upsert"}
        ids = [item["id"] for _, (item,) in operations]
        for index, item_id in enumerate(ids):
            if item_id in self.culprits:
                if self.names_culprit:
                    raise transaction_error(self.status, index=index)
                raise response_error(self.status)
        self.stored += ids


async def write(container: Container, count: int) -> list[Refused]:
    return await write_transaction(cast("ContainerProxy", container), "ab", make_upserts([1] * count))


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 20),
    culprits=st.sets(st.integers(0, 19), max_size=4),
    status=st.sampled_from([400, 413]),
    names_culprit=st.booleans(),
)
async def test_only_the_items_that_the_store_refuses_are_refused(
    *, count: int, culprits: set[int], status: int, names_culprit: bool
) -> None:
    container = Container(culprits, status=status, names_culprit=names_culprit)
    refused = await write(container, count)
    reason = "it is too large" if status == 413 else "the store does not accept the item"
    assert sorted(refused, key=lambda item: item.key) == [
        Refused(key, reason) for key in sorted(culprits) if key < count
    ]
    assert sorted(container.stored, key=int) == [str(key) for key in range(count) if key not in culprits]


async def test_a_full_transaction_needs_one_request() -> None:
    container = Container()
    assert await write(container, MAX_OPERATIONS) == []
    assert container.requests == 1


async def test_a_throttled_transaction_is_retried_after_the_requested_delay() -> None:
    container = Container()
    container.failures = [transaction_error(429, {"x-ms-retry-after-ms": "1"}) for _ in range(5)]
    assert await write(container, 3) == []
    assert (container.requests, container.stored) == (6, ["0", "1", "2"])


async def test_a_larger_retry_budget_allows_more_retries() -> None:
    container = Container()
    container.failures = [transaction_error(429, {"x-ms-retry-after-ms": "20"}) for _ in range(3)]
    with pytest.raises(Unavailable):
        await write_transaction(cast("ContainerProxy", container), "ab", make_upserts([1]), 0.03)
    assert (container.requests, container.stored) == (2, [])
    await write_transaction(cast("ContainerProxy", container), "ab", make_upserts([1]), 0.05)
    assert container.stored == ["0"]


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (transaction_error(429, {"x-ms-retry-after-ms": "60000"}), 60.0),
        (transaction_error(449), None),
        (response_error(503), None),
        (ServiceRequestError("no connection"), None),
    ],
)
async def test_an_outage_raises_unavailable(failure: Exception, wait: float | None) -> None:
    container = Container()
    container.failures = [failure]
    with pytest.raises(Unavailable) as raised:
        await write(container, 3)
    assert (container.requests, raised.value.retry_after_s) == (1, wait)


@pytest.mark.parametrize(
    "failure",
    [
        response_error(403, sub_status=1014),
        transaction_error(403, {"x-ms-substatus": "1014"}, index=1),
        transaction_error(403, index=1),
    ],
)
async def test_a_full_partition_refuses_a_whole_transaction_at_once(failure: Exception) -> None:
    container = Container()
    container.failures = [failure]
    assert await write(container, 3) == [Refused(key, "the store has no room for this reference") for key in range(3)]
    assert (container.requests, container.stored) == (1, [])


@pytest.mark.parametrize(
    "failure", [response_error(403, sub_status=5302), transaction_error(403, {"x-ms-substatus": "3"})]
)
async def test_another_403_is_raised_unchanged(failure: Exception) -> None:
    container = Container()
    container.failures = [failure]
    with pytest.raises(HttpResponseError, match="403"):
        await write(container, 3)


async def test_an_unexpected_error_is_raised_unchanged() -> None:
    container = Container()
    container.failures = [response_error(403)]
    with pytest.raises(HttpResponseError, match="403"):
        await write(container, 3)
