import json
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.contract.base import to_jsonl, to_time
from exchange.contract.references import Reference, StoredEnhancement
from exchange.domain.paging import EnhancementFilter, ReferencePart, cut_page, sort_newest_first

REFERENCE = uuid4()


def an_enhancement(created_at: float | None = 0.0, **fields: Any) -> StoredEnhancement:
    content = {"enhancement_type": "abstract", "process": "other", "abstract": "a \u2028"}
    return StoredEnhancement.model_validate(
        {
            "id": uuid4(),
            "reference_id": REFERENCE,
            "source": "s",
            "visibility": "public",
            "content": content,
            "created_at": None if created_at is None else to_time(created_at),
            **fields,
        }
    )


def a_reference(*enhancements: StoredEnhancement) -> Reference:
    return Reference(id=REFERENCE, identifiers=[], enhancements=list(enhancements))


@pytest.mark.parametrize("cuts", [[], [1], [2, 5], [1, 2, 3, 4, 5], [6]])
def test_the_parts_of_a_reference_are_one_line(cuts: list[int]) -> None:
    items = [an_enhancement() for _ in range(6)]
    bounds = [0, *cuts, 6]
    parts = [
        ReferencePart(a_reference(*items[start:end]), first=start == 0, last=number == len(bounds) - 2)
        for number, (start, end) in enumerate(pairwise(bounds))
    ]
    assert b"".join(part.to_jsonl() for part in parts) == to_jsonl(a_reference(*items))


def test_a_reference_in_one_part_is_its_line() -> None:
    assert ReferencePart(a_reference()).to_jsonl() == to_jsonl(a_reference())
    assert json.loads(ReferencePart(Reference(id=REFERENCE)).to_jsonl())["enhancements"] is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.000001, 1.0, 1_800_000_000.25]), max_size=12), st.integers(1, 5))
def test_pages_have_each_enhancement_once_in_the_order_of_all(times: list[float], limit: int) -> None:
    reference = a_reference(*map(an_enhancement, times))
    found: list[UUID | None] = []
    continuation = None
    for _ in range(len(times) // limit + 1):
        page = cut_page(reference, EnhancementFilter(limit, continuation))
        found += [item.id for item in page.reference.enhancements or []]
        continuation = page.continuation
        if continuation is None:
            break
    assert found == [item.id for item in sort_newest_first(reference.enhancements or [])]
    assert continuation is None


def test_an_enhancement_without_a_time_is_the_oldest() -> None:
    old, new = an_enhancement(None), an_enhancement(1.0)
    assert sort_newest_first([old, new]) == [new, old]


def test_hidden_enhancements_need_the_right_to_see_them() -> None:
    hidden, shown = an_enhancement(2.0, visibility="hidden"), an_enhancement(1.0, visibility="restricted")
    reference = a_reference(hidden, shown)
    assert cut_page(reference, EnhancementFilter(1)).reference.enhancements == [hidden]
    page = cut_page(reference, EnhancementFilter(1, include_hidden=False))
    assert (page.reference.enhancements, page.continuation) == ([shown], None)
