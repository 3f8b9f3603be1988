"""`python -m local.demo`: the whole flow on this machine, in two acts."""

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import time
from pathlib import Path

import aiohttp

from local.demo.acts import first_act, second_act
from local.demo.processes import free_address, robot, stack
from local.demo.requestor import DemoError, Json, Operator, Requestor
from local.demo.show import bar, console
from local.paths import ROOT

FOLDER = ROOT / ".local" / "demo"
LOGS = ROOT / ".local" / "demo-stack"
REFERENCES = ROOT / "samples" / "references.jsonl"
_LOAD_AT_ONCE = 50
_MISBEHAVED = 70

INTRO = """\
[bold]The Enhancement Exchange, end to end, on this machine.[/bold]
A requestor hands real references to a robot, through the function app and stand-ins of Blob Storage, Service Bus and
Cosmos DB that speak the real protocols. The robot answers with a result file, and the exchange reports on every line.
"""


async def _demo() -> None:
    console.print(INTRO)
    console.print("[bold]Starting the stack[/bold]")
    async with stack(LOGS) as where, aiohttp.ClientSession() as session:
        tokens = where.pop("tokens")
        for name, address in where.items():
            console.print(f"  {name:<11}{address}")
        requestor = Requestor(where["api"], tokens["requestor"], session)
        operator = Operator(where["api"], tokens["operator"], session)
        references = await _load(operator)
        console.print("\n[bold]Act one: a robot tags the study design of each reference[/bold]")
        tagger = await operator.register_robot(_registration("study design"))
        async with robot("samples.robot", tagger, where["api"], LOGS / "robot.log", session):
            await first_act(requestor, tagger["id"], references, FOLDER / "act-one")
        console.print("\n[bold]Act two: a robot that misbehaves; the report names each misdeed[/bold]")
        villain = await operator.register_robot(_registration("misbehaving"))
        async with robot("samples.misbehaving_robot", villain, where["api"], LOGS / "misbehaving_robot.log", session):
            await second_act(requestor, villain, list(references)[:_MISBEHAVED], FOLDER / "act-two")


async def _load(operator: Operator) -> dict[str, Json]:
    """Load the sample references; return them by the ids that they have got."""
    console.print("\n[bold]Loading references[/bold] (Nagtegaal 2019, CC0)")
    lines = REFERENCES.read_bytes().splitlines()
    references: dict[str, Json] = {}
    with bar() as progress:
        task = progress.add_task("references", total=len(lines))
        for start in range(0, len(lines), _LOAD_AT_ONCE):
            part = lines[start : start + _LOAD_AT_ONCE]
            references.update(zip(await operator.load(part), map(json.loads, part), strict=True))
            progress.update(task, completed=len(references))
    return references


def _registration(name: str) -> Json:
    return {
        "name": name,
        "base_url": free_address(),
        "description": f"The demo's {name} robot",
        "owner": "the demo",
        "dependent_enhancements": ["bibliographic", "abstract"],
        "dependent_identifiers": [],
    }


async def _until_stopped() -> None:
    """Run the demo; Ctrl-C and SIGTERM end it and all it started."""
    running = asyncio.ensure_future(_demo())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


def main() -> int:
    """Run it; say what was different if it did not end as it should."""
    started = time.monotonic()
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(FOLDER)
    try:
        asyncio.run(_until_stopped())
    except (DemoError, aiohttp.ClientError, TimeoutError) as error:
        console.print(f"\nIt did not end as it should. {error or type(error).__name__}", style="bold red", markup=False)
        console.print(f"The logs are under {_shown(LOGS)}.")
        return 1
    except asyncio.CancelledError:
        console.print("\nStopped.")
        return 130
    console.print(f"\n[bold green]Both acts ended as they should[/bold green], in {time.monotonic() - started:.1f} s.")
    console.print(f"Status and report of each are under {_shown(FOLDER)}, the logs under {_shown(LOGS)}.")
    return 0


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT)


if __name__ == "__main__":
    sys.exit(main())
