"""Tables in terminals of different widths."""

import re
import sys
from uuid import uuid4

import pytest

from exchange.cli.terminal import Terminal

COLUMNS = ("batch request", "status", "enhanced", "created", "error")
ROWS = [
    (uuid4(), "completed", 300, "2026-11-28 06:40:11", None),
    (uuid4(), "partial_failed", 1_000_000, "2026-11-28 06:40:12", "The robot said: " + "too long " * 30 + "x" * 90),
]


@pytest.mark.parametrize("width", [40, 80, 100, 120, 200])
def test_no_id_or_number_is_cut(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Terminal(as_json=False).write_table(COLUMNS, ROWS)
    printed = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    words = set(printed.split())
    expected = {word for row in (COLUMNS, *ROWS) for cell in row for word in str(cell or "").split()}
    assert {word for word in expected if len(word) <= len(str(ROWS[0][0]))} <= words
    # A line per cell has no rule below the heading.
    assert ("─" in printed) == (width >= 120)
