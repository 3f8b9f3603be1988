"""The versions and names in docs/upgrading.md, compared with the code."""

import re

import pytest

from exchange.adapters.cosmos.versions import FIELD, SCHEMA_VERSION, check_version
from exchange.domain.errors import Unavailable
from exchange.settings import list_settings
from tests.stacks import ROOT

TEXT = (ROOT / "docs" / "upgrading.md").read_text()
TELEMETRY = "".join(file.read_text() for file in (ROOT / "exchange" / "telemetry").glob("*.py"))


def test_the_stated_schema_version_is_the_present_one() -> None:
    assert f"The present version is {SCHEMA_VERSION} " in TEXT


def test_an_item_without_a_version_is_read_and_a_newer_one_is_refused() -> None:
    for item in ({}, {FIELD: SCHEMA_VERSION}):
        assert check_version(item) is item
    with pytest.raises(Unavailable):
        check_version({FIELD: SCHEMA_VERSION + 1})


def test_renamed_settings_have_their_new_names_and_not_the_old_ones() -> None:
    renamed = re.findall(r"^([A-Z_]+) +([A-Z_]+)$", TEXT, re.MULTILINE)
    names = {setting.name for setting in list_settings()}
    assert len(renamed) == 10
    for old, new in renamed:
        assert old not in names
        assert new in names


def test_renamed_metrics_exist_under_their_new_names() -> None:
    rows = re.findall(r"^\| `(exchange\.[\w.]+)`.* \| `(exchange\.[\w.]+)`", TEXT, re.MULTILINE)
    assert rows
    for old, new in rows:
        assert f'"{new}"' in TELEMETRY
        assert old == new or f'"{old}"' not in TELEMETRY
