"""Figures that the tests measure. They depend on the machine, so no test compares them with a limit."""

import json

from tests.console.visits import SCREENSHOTS

FILE = SCREENSHOTS / "figures.json"


def write_figures(name: str, figures: dict[str, int]) -> None:
    """Write the figures under this name to `.local/console/figures.json`. Other names in it are kept."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    kept = json.loads(FILE.read_text()) if FILE.exists() else {}
    FILE.write_text(json.dumps({**kept, name: figures}, indent=2, sort_keys=True) + "\n")
