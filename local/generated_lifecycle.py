"""docs/lifecycle.md, generated from the table of the lifecycle: a diagram and the rows of each of its machines."""

import ast
from collections import defaultdict
from dataclasses import dataclass
from inspect import getdoc, getsource
from itertools import pairwise

from exchange.domain.batch import Phase
from exchange.domain.events import Event
from exchange.domain.lifecycle import ROWS, Row

_HEAD = """\
# Lifecycle of a batch

`make docs` generates this page from the table in `exchange/domain/lifecycle.py`. Change the table, not this page.

The lifecycle is a state machine. A batch is always in one phase. An event moves it to another phase or changes fields
of the batch. An event that is not listed for a phase changes nothing there, so late and repeated events are harmless.
The sweep finds every overdue batch, so no batch waits for ever. [Delivery guarantees](guarantees.md) explains the
deadlines.

There are two kinds of batches, with different phases. A batch request whose references fit one job, and each part of a
larger one, is [a batch with one job](#a-batch-with-one-job). The larger one itself is
[a batch request in parts](#a-batch-request-in-parts). Both end in the phase [`ended`](#ended). If the references are in
[an uploaded list](#an-uploaded-list), the list is read before it is known which of the two the batch request is.

A phase is finer than the status in the API:

| phase | status |
|---|---|
| `reading`, `received` | `received` |
| `accepted` | `accepted` |
| `delivered`, `importing` | `importing` |
| `divided` | `received` until a robot accepted or fetched the first part, then `accepted` |
| `reporting` | `importing` |
| `ended` | `completed`, `partial_failed`, `failed` or `rejected` |
"""
_LEASES = """
### Leases

A part that a robot fetched begins in the phase `accepted`, with a lease: the time until which its references belong to
the process that fetched it. The end of a lease is not an event. Nothing happens until a fetch, a callback or the sweep
finds that the time has passed:

| what happens | during the lease | after it | after a fetch took the references |
|---|---|---|---|
| the robot renews the lease | it ends later | refused | refused |
| the robot gives the part back | it ends at once | refused | refused |
| the robot calls back | imported | imported | refused |
| a robot fetches | gets other references | gets these references | gets other references |

- **To give a part back** is to renew its lease for zero seconds. It does not count as an expired lease.
- **The fetch that takes the references** ends the part, and makes a new part of them. If there is an upload, it counts
  as delivered instead.
- **The sweep** treats an upload without a callback as delivered after `CALLBACK_WAIT_S`. It ends the part if
  `LEASE_ATTEMPTS` leases on the references have expired, or if no robot fetches them within `FETCH_LIMIT_S`.

[Decision 0067](decisions/0067-fetching-and-leases.md) gives the reasons.
"""
_UPLOADED_LIST = """\
The batch request names a file with the ids of its references, which its requestor has uploaded. The handler of the
`DispatchMessage` reads the file before it calls a robot. It reads the version of the file that was there when the batch
was requested. [Decision 0071](decisions/0071-uploaded-lists.md) gives the reasons."""
_WITH_ONE_JOB = """\
The robot gets all references of the batch in one job, uploads one result file and calls back once. A batch that is sent
to the robot begins as `received`. A part that the robot fetched begins as `accepted`, with a [lease](#leases). The
events `LeaseRenewed` and `LeaseTaken` occur only there."""
_IN_PARTS = """\
The references are worked on in parts. Each part is a batch with one job, as above. The batch request itself only
records which parts there are and what became of them. A batch request to a robot that fetches its jobs is always in
parts. One to a robot that is called is in parts if it has more references than the robot takes in one job.
[Decision 0066](decisions/0066-parts.md) gives the reasons.

Before `PartMade`, the part is created under an id that is derived from the batch request and the number of the part. So
two processes never make the same part. When a part has ended, a `NotifyMessage` leads to `PartEnded`."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """A piece of the table. `begins` are the arrows to its first phases."""

    title: str
    introduction: str
    begins: tuple[str, ...]
    phases: tuple[Phase, ...]
    appendix: str = ""


_MACHINES = (
    _Machine("An uploaded list", _UPLOADED_LIST, ("reading",), (Phase.READING,)),
    _Machine(
        "A batch with one job",
        _WITH_ONE_JOB,
        ("received: to be sent to the robot", "accepted: fetched by the robot"),
        (Phase.RECEIVED, Phase.ACCEPTED, Phase.DELIVERED, Phase.IMPORTING),
        _LEASES,
    ),
    _Machine(
        "A batch request in parts",
        _IN_PARTS,
        ("divided",),
        (Phase.DIVIDED, Phase.REPORTING),
    ),
)


def format_lifecycle_page() -> str:
    """Return the text of docs/lifecycle.md."""
    machines = "".join(map(_format_machine, _MACHINES))
    return f"{_HEAD}{machines}{_format_phase(Phase.ENDED, '##')}{_format_events()}"


def describe_phases() -> dict[Phase, str]:
    """Return the docstring of each member of Phase. Python does not keep them, so they are read from the source."""
    (definition,) = (node for node in ast.parse(getsource(Phase)).body if isinstance(node, ast.ClassDef))
    described = {}
    for member, text in pairwise(definition.body):
        if isinstance(member, ast.Assign) and isinstance(member.targets[0], ast.Name) and isinstance(text, ast.Expr):
            described[Phase[member.targets[0].id]] = str(ast.literal_eval(text.value))
    return described


def _format_machine(machine: _Machine) -> str:
    sections = "".join(_format_phase(phase, "###") for phase in machine.phases)
    text = f"\n## {machine.title}\n\n{machine.introduction}\n\n{_format_diagram(machine)}"
    return f"{text}{sections}{machine.appendix}"


def _format_diagram(machine: _Machine) -> str:
    events: defaultdict[tuple[Phase, Phase], list[str]] = defaultdict(list)
    for row in ROWS:
        if row.phase in machine.phases:
            for target in sorted(row.leads_to):
                events[row.phase, target].append(row.event.__name__)
    arrows = [
        *(f"[*] --> {begin}" for begin in machine.begins),
        *(f"{phase} --> {target}: {', '.join(names)}" for (phase, target), names in events.items()),
        "ended --> [*]",
    ]
    return "```mermaid\nstateDiagram-v2\n" + "".join(f"    {arrow}\n" for arrow in arrows) + "```\n"


def _format_phase(phase: Phase, level: str) -> str:
    rows = "".join(_format_row(row) for row in ROWS if row.phase is phase)
    meaning = describe_phases()[phase]
    return f"\n{level} `{phase}`\n\n{meaning}\n\n| event | what happens | next phase |\n|---|---|---|\n{rows}"


def _format_row(row: Row) -> str:
    targets = " or ".join(f"`{target}`" for target in sorted(row.leads_to)) or "unchanged"
    return f"| `{row.event.__name__}` | {_first_line(row.decide)} | {targets} |\n"


def _format_events() -> str:
    rows = "".join(f"| `{event.__name__}` | {_first_line(event)} |\n" for event in Event.__args__)
    return f"\n## Events\n\n| event | meaning |\n|---|---|\n{rows}"


def _first_line(documented: object) -> str:
    return (getdoc(documented) or "").partition("\n")[0].replace("|", "\\|")
