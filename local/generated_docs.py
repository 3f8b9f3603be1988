"""`python -m local.generated_docs`: write docs/lifecycle.md from the lifecycle's table."""

from collections import defaultdict
from inspect import getdoc

from exchange.domain.batch import Phase
from exchange.domain.lifecycle import ROWS, Row
from local.paths import ROOT

PAGE = ROOT / "docs" / "lifecycle.md"

_HEAD = """\
# How a batch moves

Made from the table in `exchange/domain/lifecycle.py` by `make docs`: change that, not this.

A phase is finer than the status on the wire: `reported` and `pinned` are both `importing`, and `ended` is `completed`,
`partial_failed`, `failed` or `rejected`. An event that has no row for a phase changes nothing there, which is what
makes late and repeated events harmless. Whatever is overdue is found by the sweep, so no batch waits for ever.

```mermaid
stateDiagram-v2
    [*] --> received
"""


def page() -> str:
    """Give the page."""
    moves: defaultdict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for row in ROWS:
        for target in sorted(row.leads_to):
            moves[row.phase, target].append(row.event.__name__)
    drawn = "".join(f"    {phase} --> {target}: {', '.join(names)}\n" for (phase, target), names in moves.items())
    return f"{_HEAD}{drawn}    ended --> [*]\n```\n{''.join(map(_section, Phase))}"


def _section(phase: Phase) -> str:
    rows = [row for row in ROWS if row.phase is phase]
    lines = "".join(map(_line, rows))
    return f"\n## `{phase}`\n\n| event | what is done | may lead to |\n|---|---|---|\n{lines}"


def _line(row: Row) -> str:
    targets = ", ".join(f"`{target}`" for target in sorted(row.leads_to))
    return f"| `{row.event.__name__}` | {_first_sentence(row.move)} | {targets} |\n"


def _first_sentence(move: object) -> str:
    return (getdoc(move) or "").partition("\n")[0].replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
