"""`python -m local.demo`: run three batches from the request to the result, on this machine."""

import argparse
import asyncio
import contextlib
import json
import shutil
import signal
import sys
import time

import aiohttp

from exchange.client import AsyncClient, ExchangeError
from exchange.contract.enhancements import EnhancementType
from exchange.contract.robots import ProvisionedRobot, RobotIn
from local.demo import expected_report
from local.demo.commands import run_commands
from local.demo.errors import DemoError
from local.demo.expected_report import Json
from local.demo.output import console, make_progress_bar, shorten, show_kept_stack, show_next_steps
from local.demo.processes import find_free_address, running_robot, running_stack
from local.demo.scenarios import run_misbehaving_robot, run_sample_robot
from local.paths import ROOT
from local.shutdown import wait_for_shutdown

FOLDER = ROOT / ".local" / "demo"
LOGS = ROOT / ".local" / "demo-stack"
REFERENCES = ROOT / "samples" / "references.jsonl"
REFERENCES_FOR_MISTAKES = 70

INTRO = """\
[bold]The Enhancement Exchange, from end to end, on this machine[/bold]
A requestor names references and a robot. The exchange sends the robot a job, validates each line of its result file,
imports the valid enhancements, and writes a report. It runs on local emulators of Blob Storage, Service Bus and
Cosmos DB, which speak the real protocols.
"""


async def _run_demo(started: float, *, keeps: bool) -> None:
    """Run all parts. If `keeps` is set, leave everything running until a signal arrives."""
    console.print(INTRO)
    console.print("[bold]Starting the local stack[/bold]")
    async with contextlib.AsyncExitStack() as opened:
        addresses = await opened.enter_async_context(running_stack(LOGS))
        session = await opened.enter_async_context(aiohttp.ClientSession())
        tokens, api = addresses.pop("tokens"), addresses["api"]
        for name, address in addresses.items():
            console.print(f"  {name:<11}{address}")
        requestor = await opened.enter_async_context(AsyncClient(api, lambda: str(tokens["requestor"])))
        operator = await opened.enter_async_context(AsyncClient(api, lambda: str(tokens["operator"])))
        references = await _load(operator)
        console.print("\n[bold]Part 1: a robot tags the study design of each reference[/bold]")
        sample = await _register(operator, "study design")
        async with running_robot("samples.robot", sample, api, LOGS / "robot.log", session):
            await run_sample_robot(requestor, sample, references, FOLDER / "part-1")
        console.print("\n[bold]Part 2: a robot makes many mistakes, and the report names each of them[/bold]")
        robot = await _register(operator, "misbehaving")
        async with running_robot("samples.misbehaving_robot", robot, api, LOGS / "misbehaving_robot.log", session):
            some_ids = list(references)[:REFERENCES_FOR_MISTAKES]
            await run_misbehaving_robot(requestor, robot, some_ids, FOLDER / "part-2")
        console.print("\n[bold]Part 3: a reviewer's RIS file gets tags, with the command `exchange`[/bold]")
        judgeable = map(references.__getitem__, expected_report.select_judgeable(references))
        async with running_robot("samples.robot", sample, api, LOGS / "robot.log", session):
            await run_commands(sample.name, judgeable, LOGS / "stack.json", FOLDER / "part-3")
            console.print(
                f"\n[bold green]All parts ended as expected[/bold green], in {time.monotonic() - started:.1f} s."
            )
            show_next_steps(FOLDER, LOGS)
            if keeps:
                show_kept_stack(api, LOGS / "stack.json", sample.name)
                await wait_for_shutdown(None, exit_with_stdin=False)
                console.print("\nStopping ...")


async def _load(operator: AsyncClient) -> dict[str, Json]:
    """Load the sample references. Return them by their new ids."""
    console.print("\n[bold]Loading references[/bold] (Nagtegaal 2019, CC0)")
    lines = REFERENCES.read_bytes().splitlines()
    references: dict[str, Json] = {}
    with make_progress_bar() as progress:
        task = progress.add_task("references", total=len(lines))
        async for loaded in operator.load_references(lines):
            if loaded.id is None:
                raise DemoError(f"A reference could not be loaded: {loaded.error}")
            references[str(loaded.id)] = json.loads(lines[loaded.line - 1])
            progress.update(task, completed=len(references))
    return references


async def _register(operator: AsyncClient, name: str) -> ProvisionedRobot:
    registration = RobotIn(
        name=name,
        base_url=find_free_address(),
        description=f"The demo's {name} robot",
        owner="the demo",
        dependent_enhancements=[EnhancementType.BIBLIOGRAPHIC, EnhancementType.ABSTRACT],
    )
    return await operator.register_robot(registration)


async def _run_until_stopped(*, keeps: bool) -> None:
    """Run the demo. SIGINT and SIGTERM cancel it, and it stops everything that it started."""
    running = asyncio.ensure_future(_run_demo(time.monotonic(), keeps=keeps))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


def main() -> int:
    """Run three batches of real references. End with 1 if something is not as expected, with 130 if stopped."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=main.__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the stack and the robot running until Ctrl-C")
    arguments = parser.parse_args()
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(FOLDER)
    try:
        asyncio.run(_run_until_stopped(keeps=arguments.keep))
    except (DemoError, ExchangeError, TimeoutError) as error:
        console.print(f"\nThe demo failed. {error or type(error).__name__}", style="bold red", markup=False)
        console.print(f"The logs are in {shorten(LOGS)}.")
        return 1
    except asyncio.CancelledError:
        console.print("\nStopped.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
