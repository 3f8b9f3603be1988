import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from exchange.contract.base import MAX_INTEGER
from exchange.domain.storable import compute_sent_size, find_storage_fault

TOO_DEEP = "it is nested more than 128 levels deep"
BEYOND_DOUBLES = "an integer beyond 2^53 would lose digits"
NOT_FINITE = "a number is not finite (NaN, Infinity, or beyond the range of a double)"
HALF_A_PAIR = "a string contains half of a surrogate pair"

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def nested(levels: int, innermost: Any = 0) -> Any:
    value = innermost
    for level in range(levels):
        value = [value] if level % 2 else {"k": value}
    return value


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.integers() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)))
@example("")
@example("\x7f" * 10)
@example({'"\\\b\x1f\x80\uffff\U00010000': "żółć 文 \U0001f9ea"})
def test_the_sent_size_is_the_length_of_the_json_that_the_sdk_sends(value: Any) -> None:
    text = to_json(value)
    assert compute_sent_size(text) == len(json.dumps(json.loads(text), separators=(",", ":")))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        "",
        "żółć 文 \U0001f9ea \x00",
        0.1 + 0.2,
        -0.0,
        1.7e308,
        1e300,
        MAX_INTEGER,
        -MAX_INTEGER,
        {},
        [],
        nested(125),
        nested(124, "deep"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_that_the_store_can_hold_has_no_fault(value: Any) -> None:
    assert find_storage_fault(value) is None


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (MAX_INTEGER + 1, BEYOND_DOUBLES),
        (-MAX_INTEGER - 1, BEYOND_DOUBLES),
        (10**400, BEYOND_DOUBLES),
        (math.nan, NOT_FINITE),
        (math.inf, NOT_FINITE),
        (-math.inf, NOT_FINITE),
        ("\ud800", HALF_A_PAIR),
        ("\udc00\ud800", HALF_A_PAIR),
        (nested(126), TOO_DEEP),
        (nested(126, "deep"), TOO_DEEP),
        (nested(180), TOO_DEEP),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_that_the_store_cannot_hold_has_a_fault(value: Any, fault: str) -> None:
    assert find_storage_fault(value) == fault


@pytest.mark.parametrize("inside", [["x", {"k": [0, "\ud800"]}], {"a": 1, "b": {"c": "\ud800"}}, {"k": {"\ud800": 1}}])
def test_nested_values_and_keys_are_checked(inside: Any) -> None:
    assert find_storage_fault({"data": inside}) == HALF_A_PAIR


def test_levels_are_counted_from_the_given_depth() -> None:
    assert find_storage_fault(nested(128), depth=0) is None
    assert find_storage_fault(nested(129), depth=0) == TOO_DEEP
    assert find_storage_fault(nested(1), depth=127) is None
    assert find_storage_fault(nested(1), depth=128) == TOO_DEEP
    assert find_storage_fault("a string adds no level", depth=128) is None


@settings(max_examples=200, deadline=None)
@given(st.integers(-(2**60), 2**60) | st.integers(MAX_INTEGER - 2, MAX_INTEGER + 2) | st.floats())
def test_a_number_without_a_fault_keeps_its_value_as_a_double(number: float) -> None:
    if find_storage_fault(number) is None:
        assert json.loads(json.dumps(number), parse_int=float) == number
