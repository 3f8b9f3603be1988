from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.contract.base import to_time
from exchange.contract.batches import BatchStatus
from exchange.domain.errors import InputRejected
from exchange.domain.listing import (
    BatchFilter,
    format_microseconds,
    make_continuation,
    make_metadata_term,
    make_sort_key,
    parse_continuation,
    to_microseconds,
)
from tests.unit.domain.batches import a_batch

ROBOT_ID = uuid4()
FILTER = BatchFilter(
    requestor="r",
    statuses=(BatchStatus.FAILED, BatchStatus.REJECTED),
    robot_id=ROBOT_ID,
    source="s",
    created_after=1,
    created_before=9,
    metadata={"a": "1", "b": "2"},
)
OTHERS: list[dict[str, Any]] = [
    {"requestor": None},
    {"requestor": "other"},
    {"statuses": ()},
    {"statuses": (BatchStatus.FAILED,)},
    {"robot_id": None},
    {"robot_id": uuid4()},
    {"source": None},
    {"source": "S"},
    {"created_after": None},
    {"created_after": 2},
    {"created_before": None},
    {"created_before": 8},
    {"metadata": {}},
    {"metadata": {"a": "1"}},
    {"metadata": {"a": "1", "b": "3"}},
]
SORT_KEY = make_sort_key(a_batch(created_at=7.0))
TIMES = st.floats(0, 4e9, allow_nan=False)


def test_a_continuation_belongs_to_its_filter() -> None:
    continuation = make_continuation(SORT_KEY, FILTER)
    assert parse_continuation(continuation, FILTER) == SORT_KEY
    same = replace(FILTER, statuses=FILTER.statuses[::-1], metadata={"b": "2", "a": "1"})
    assert parse_continuation(continuation, same) == SORT_KEY


@pytest.mark.parametrize("fields", OTHERS, ids=repr)
def test_a_continuation_of_another_filter_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InputRejected, match=r"^continuation must be that of the previous page, with the same filters"):
        parse_continuation(make_continuation(SORT_KEY, replace(FILTER, **fields)), FILTER)


@pytest.mark.parametrize("text", ["", "x", SORT_KEY, f"{SORT_KEY}-", f"{SORT_KEY}-0123456789abcdef\n"])
def test_any_other_text_is_not_a_continuation(text: str) -> None:
    with pytest.raises(InputRejected):
        parse_continuation(text, FILTER)


def test_every_field_of_a_filter_is_compared() -> None:
    batch = a_batch(
        requestor="r",
        status=BatchStatus.FAILED,
        robot_id=ROBOT_ID,
        source="s",
        created_at=5e-6,
        metadata={"a": "1", "b": "2", "c": "3"},
    )
    assert FILTER.matches(batch)
    for fields in (
        *({"requestor": "other"}, {"status": BatchStatus.COMPLETED}, {"robot_id": uuid4()}, {"source": None}),
        *({"created_at": 1e-6}, {"created_at": 9e-6}, {"metadata": None}, {"metadata": {"a": "1", "b": "3"}}),
    ):
        assert not FILTER.matches(replace(batch, **fields)), fields
    assert BatchFilter().matches(batch)


@given(TIMES, st.integers(0, 4 * 10**15), st.integers(-2, 2))
def test_the_bounds_of_times_are_exact_for_the_times_that_are_shown(time: float, other: int, offset: int) -> None:
    """A store compares sort keys, a requestor the times that a list shows."""
    batch = a_batch(created_at=time)
    shown = to_microseconds(to_time(time))
    for bound in (other, max(0, shown + offset)):
        key = make_sort_key(batch)
        assert (
            (key >= format_microseconds(bound + 1))
            == (shown > bound)
            == BatchFilter(created_after=bound).matches(batch)
        )
        assert (key < format_microseconds(bound)) == (shown < bound) == BatchFilter(created_before=bound).matches(batch)


@given(TIMES, TIMES)
def test_sort_keys_have_the_order_of_times(first: float, second: float) -> None:
    keys = [make_sort_key(a_batch(created_at=time)) for time in (first, second)]
    if abs(first - second) > 1e-5:
        assert (keys[0] < keys[1]) == (first < second)


def test_extreme_times_have_sort_keys_too() -> None:
    for time in (datetime.min.replace(tzinfo=UTC), datetime(1969, 12, 31, tzinfo=UTC)):
        assert to_microseconds(time) == 0
    assert len(format_microseconds(to_microseconds(datetime.max.replace(tzinfo=UTC)))) == 18
    assert to_microseconds(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=3)) == 3


def test_the_term_of_a_pair_depends_on_where_the_key_ends() -> None:
    pairs = [("a", "b"), ("ab", ""), ("", "ab"), ('a", "', "b"), ("A", "b")]
    assert len({make_metadata_term(*pair) for pair in pairs}) == len(pairs)
