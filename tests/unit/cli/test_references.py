"""`exchange references` without an exchange."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.cli.exits import Exit
from exchange.client import Client
from exchange.contract.references import LoadedLine
from tests.unit.cli.conftest import Run
from tests.unit.cli.server import make_id, running_exchange

RECORD = "TY  - JOUR\nTI  - Title\nER  - \n"


def test_an_interrupted_load_says_what_is_loaded(folder: Path, command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def load_and_be_interrupted(_client: Client, lines: Any, _on_existing: Any) -> Iterator[LoadedLine]:
        assert len(list(lines)) == 3
        yield LoadedLine.model_validate({"line": 1, "id": make_id(1)}, strict=False)
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "load_references", load_and_be_interrupted)
    monkeypatch.setenv("EXCHANGE_TOKEN", "a token")
    (folder / "library.ris").write_text(RECORD * 3)
    with running_exchange() as exchange:
        assert command("login", exchange.url)[0] == Exit.DONE
        code, _, err = command("references", "load", "library.ris", "--output", "loaded.jsonl")
    assert code == Exit.INTERRUPTED
    assert err.splitlines() == [
        "1 references are loaded. The same command again gives the ids of all.",
        "exchange: Interrupted.",
    ]
    assert [file.name for file in folder.iterdir() if file.is_file()] == ["library.ris"]
