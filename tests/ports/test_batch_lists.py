"""Lists of batches: every `BatchStore` filters and continues as `BatchFilter` says."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.listing import BatchFilter, to_microseconds
from exchange.ports import BatchStore
from tests.fakes import FakeBatchStore
from tests.fakes.world import START
from tests.unit.domain.batches import a_batch

ROBOTS = [uuid4(), uuid4()]
# Names that would break a query, a path or an index if they were part of one.
HOSTILE = [
    '"] = "x" OR c["id"] != "',
    "a'] OR true --",
    "a.b/c\\d?e#f",
    "@p0",
    "{}",
    "?",
    "\x00\t\n\u2028",
    "__proto__",
    "constructor",
    "$ref",
    " ",
    "ключ 文 \U0001f9ea",
    "k" * 64,
]


@pytest.fixture
def requestor() -> str:
    """A requestor of this test only. The store has batches of other tests too."""
    return f"requestor {uuid4()}"


async def populate(batches: BatchStore, requestor: str) -> list[Batch]:
    """Create batches that differ in one property each, newest first."""
    base = a_batch(requestor=requestor, robot_id=ROBOTS[0], source="s", status=BatchStatus.RECEIVED)
    fields: list[dict[str, Any]] = [
        {},
        {"status": BatchStatus.FAILED, "due_at": None, "ended_at": START},
        {"status": BatchStatus.REJECTED},
        {"robot_id": ROBOTS[1]},
        {"source": None},
        {"source": "S"},
        {"metadata": {}},
        {"metadata": {"a": "1"}},
        {"metadata": {"a": "1", "b": "2"}},
        {"metadata": {"a": "2", "b": "1"}},
        *({"metadata": {name: name, "a": "3"}} for name in HOSTILE),
        {"status": BatchStatus.FAILED, "robot_id": ROBOTS[1], "metadata": {"a": "1"}},
    ]
    made = [
        replace(base, id=uuid4(), created_at=START + number + 0.123456, **changed)
        for number, changed in enumerate(fields)
    ]
    for batch in made:
        await batches.create(batch)
    return made[::-1]


FILTERS: list[dict[str, Any]] = [
    {},
    {"statuses": (BatchStatus.FAILED,)},
    {"statuses": (BatchStatus.REJECTED, BatchStatus.FAILED)},
    {"statuses": (BatchStatus.COMPLETED,)},
    {"robot_id": ROBOTS[1]},
    {"source": "s"},
    {"source": "S"},
    {"metadata": {"a": "1"}},
    {"metadata": {"b": "2", "a": "1"}},
    {"metadata": {"a": "1", "b": "1"}},
    {"metadata": {"A": "1"}},
    *({"metadata": {name: name}} for name in HOSTILE),
    {"metadata": {name: name for name in HOSTILE}},
    {"created_after": to_microseconds(START + 3.123456)},
    {"created_before": to_microseconds(START + 3.123456)},
    {"created_after": to_microseconds(START + 3), "created_before": to_microseconds(START + 9)},
    {"statuses": (BatchStatus.FAILED,), "robot_id": ROBOTS[1], "metadata": {"a": "1"}, "source": "s"},
]


async def list_ids(batches: BatchStore, batch_filter: BatchFilter, size: int) -> list[UUID]:
    """Read all pages."""
    found: list[UUID] = []
    after: str | None = None
    while True:
        page = await batches.list_page(batch_filter, size, after)
        assert len(page.batches) <= size
        found += [batch.id for batch in page.batches]
        after = page.next_after
        if after is None:
            return found


async def test_each_filter_lists_what_it_matches_newest_first(batches: BatchStore, requestor: str) -> None:
    made = await populate(batches, requestor)
    for fields in FILTERS:
        batch_filter = BatchFilter(requestor=requestor, **fields)
        expected = [batch.id for batch in made if batch_filter.matches(batch)]
        for size in (3, 100):
            assert await list_ids(batches, batch_filter, size) == expected, fields


async def test_all_filters_but_four_list_something() -> None:
    made = await populate(FakeBatchStore(), "requestor")
    counts = [sum(BatchFilter(**fields).matches(batch) for batch in made) for fields in FILTERS]
    assert [count < len(made) for count in counts] == [False, *[True] * (len(FILTERS) - 1)]
    assert counts.count(0) == 4


async def test_pages_stay_the_same_while_batches_arrive(batches: BatchStore, requestor: str) -> None:
    made = await populate(batches, requestor)
    batch_filter = BatchFilter(requestor=requestor)
    first = await batches.list_page(batch_filter, 4, None)
    await batches.create(replace(made[0], id=uuid4(), created_at=START + 1000))
    second = await batches.list_page(batch_filter, 4, first.next_after)
    assert [batch.id for batch in (*first.batches, *second.batches)] == [batch.id for batch in made[:8]]


async def test_without_a_requestor_the_batches_of_all_are_listed(batches: BatchStore, requestor: str) -> None:
    await populate(batches, requestor)
    await populate(batches, f"{requestor} 2")
    robot = uuid4()
    for owner in (requestor, f"{requestor} 2"):
        await batches.create(a_batch(requestor=owner, robot_id=robot))
    assert len(await list_ids(batches, BatchFilter(robot_id=robot), 100)) == 2
