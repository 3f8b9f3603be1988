import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from exchange.contract.identifiers import ExternalIdentifier
from exchange.domain.identifier_keys import make_key

IDENTIFIER: TypeAdapter[ExternalIdentifier] = TypeAdapter(ExternalIdentifier)


def key(kind: str, identifier: Any, name: str | None = None) -> str:
    named = {} if name is None else {"other_identifier_name": name}
    return make_key(IDENTIFIER.validate_python({"identifier_type": kind, "identifier": identifier, **named}))


DIFFERENT = [
    ("doi", "10.1000/182", None),
    ("doi", "10.1000/183", None),
    ("other", "10.1000/182", "doi"),
    ("pm_id", 7, None),
    ("pm_id", 77, None),
    ("other", "7", "pm_id"),
    ("open_alex", "W7", None),
    ("other", "W7", "open_alex"),
    ("other", "w7", "open_alex"),
    ("other", "7", "a"),
    ("other", "7", "A"),
    ("other", "7", ""),
    ("other", "", "7"),
    ("other", "7a", ""),
    ("other", " 7", ""),
    ("other", "b\x1fc", "a"),
    ("other", "c", "a\x1fb"),
    ("other", '"], "', "a"),
]


def test_different_identifiers_have_different_keys() -> None:
    keys = [key(*identifier) for identifier in DIFFERENT]
    assert len(set(keys)) == len(DIFFERENT)
    assert keys == [key(*identifier) for identifier in DIFFERENT]


@pytest.mark.parametrize("same", ["10.1000/ABC", "10.1000/abc", "https://doi.org/10.1000/aBc", " 10.1000/AbC "])
def test_the_key_of_a_doi_ignores_case_and_resolver(same: str) -> None:
    assert key("doi", same) == key("doi", "10.1000/abc")


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_every_key_is_a_valid_item_id(identifier: str, name: str) -> None:
    assert re.fullmatch("[0-9a-f]{64}", key("other", identifier, name))
