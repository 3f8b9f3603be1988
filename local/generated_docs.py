"""`python -m local.generated_docs`: write the documents and files that are generated from the code.

They are docs/lifecycle.md, the runbook of the console, and what `local.generated_settings` generates from the table of
settings.
"""

import ast
from collections import defaultdict
from inspect import getdoc, getsource
from itertools import pairwise

from exchange.domain.batch import Phase
from exchange.domain.events import Event
from exchange.domain.lifecycle import ROWS, Row
from local.generated_runbook import format_runbook
from local.generated_settings import format_sample, format_settings_page, format_tunables_type
from local.paths import ROOT

_HEAD = """\
# Lifecycle of a batch

`make docs` generates this page from the table in `exchange/domain/lifecycle.py`. Change the table, not this page.

The lifecycle is a state machine. A batch is always in one phase. An event moves it to another phase or changes fields
of the batch. An event that is not listed for a phase changes nothing there, so late and repeated events are harmless.
The sweep finds every overdue batch, so no batch waits for ever. [Delivery guarantees](guarantees.md) explains the
deadlines.

A phase is finer than the status in the API. The status `importing` is the phases `delivered` and `importing`. The phase
`ended` is the statuses `completed`, `partial_failed`, `failed` and `rejected`.

```mermaid
stateDiagram-v2
    [*] --> received
"""


def generate() -> dict[str, str]:
    """Return the text of every generated file by its path in the repository."""
    return {
        "docs/lifecycle.md": format_lifecycle_page(),
        "docs/settings.md": format_settings_page(),
        "local.settings.sample.json": format_sample(),
        "infra/modules/tunables.bicep": format_tunables_type(),
        "console/runbook.js": format_runbook(),
    }


def format_lifecycle_page() -> str:
    """Return the text of docs/lifecycle.md."""
    events: defaultdict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for row in ROWS:
        for target in sorted(row.leads_to):
            events[row.phase, target].append(row.event.__name__)
    arrows = "".join(f"    {phase} --> {target}: {', '.join(names)}\n" for (phase, target), names in events.items())
    meanings = describe_phases()
    sections = "".join(_format_phase(phase, meanings[phase]) for phase in Phase)
    return f"{_HEAD}{arrows}    ended --> [*]\n```\n{sections}{_format_events()}"


def describe_phases() -> dict[Phase, str]:
    """Return the docstring of each member of Phase. Python does not keep them, so they are read from the source."""
    (definition,) = (node for node in ast.parse(getsource(Phase)).body if isinstance(node, ast.ClassDef))
    described = {}
    for member, text in pairwise(definition.body):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name) and isinstance(text, ast.Expr):
            described[Phase[member.targets[0].id]] = str(ast.literal_eval(text.value))
    return described


def _format_phase(phase: Phase, meaning: str) -> str:
    rows = "".join(_format_row(row) for row in ROWS if row.phase is phase)
    return f"\n## `{phase}`\n\n{meaning}\n\n| event | what happens | next phase |\n|---|---|---|\n{rows}"


def _format_row(row: Row) -> str:
    targets = " or ".join(f"`{target}`" for target in sorted(row.leads_to)) or "unchanged"
    return f"| `{row.event.__name__}` | {_first_line(row.decide)} | {targets} |\n"


def _format_events() -> str:
    rows = "".join(f"| `{event.__name__}` | {_first_line(event)} |\n" for event in Event.__args__)
    return f"\n## Events\n\n| event | meaning |\n|---|---|\n{rows}"


def _first_line(documented: object) -> str:
    return (getdoc(documented) or "").partition("\n")[0].replace("|", "\\|")


def main() -> None:
    """Write every generated file."""
    for path, text in generate().items():
        (ROOT / path).write_text(text)


if __name__ == "__main__":
    main()
