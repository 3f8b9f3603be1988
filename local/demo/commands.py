"""Part 3 of the demo: what a reviewer types, from a RIS file to the same file with tags."""

import asyncio
import json
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from exchange.contract.references import ReferenceFileInput
from exchange.formats import Format, Row, write_references
from local.demo.errors import DemoError
from local.demo.expected_report import Json
from local.demo.output import console
from local.paths import ROOT

_LIBRARY, _LOADED, _TAGGED, _COMPARISON = "library.ris", "loaded.jsonl", "tagged.ris", "comparison.html"
# The label of the reviewers, which ASReview would show.
_LABEL = "screening:Nagtegaal_2019:included"
_PAIR = "screening:included=study-design:randomised trial"
_FIRST_LINES = 8


async def run_commands(robot_name: str, references: Iterable[Json], stack_file: Path, folder: Path) -> None:
    """Run the commands and print what they print. Raises DemoError if one fails or a file is not as expected."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - nothing else is waiting
    count = await asyncio.to_thread(_write_library, references, folder)
    console.print(f"  {_LIBRARY} has {count} references, with the label that the reviewers gave each of them.")
    shell = _Shell(folder, stack_file.parent / "config")
    await shell.run("login", os.path.relpath(stack_file, folder))  # noqa: ASYNC240 - it does not read a file
    await shell.run("references", "load", _LIBRARY, "--output", _LOADED)
    batch = await shell.run("batches", "request", robot_name, "--from", _LOADED, "--wait", "--json", shown=False)
    batch_id = json.loads(batch)["id"]
    await shell.run("batches", "export", batch_id, _TAGGED, "--original", _LIBRARY, "--from", _LOADED)
    arguments = ("--labels", _LIBRARY, "--from", _LOADED, "--map", _PAIR, "--html", _COMPARISON)
    await shell.run("batches", "compare", batch_id, *arguments)
    await asyncio.to_thread(_check_files, folder, count)


def _write_library(references: Iterable[Json], folder: Path) -> int:
    """Write the references as a reviewer has them: a RIS file. Return their number."""
    rows = (Row(ReferenceFileInput.model_validate(reference)) for reference in references)
    return write_references(folder / _LIBRARY, Format.RIS, rows, asreview_label=_LABEL)


def _check_files(folder: Path, count: int) -> None:
    """Check that each reference of the library came back with a tag, and that the comparison has its plots."""
    tagged = (folder / _TAGGED).read_text()
    records = [record for record in tagged.split("ER  - ") if "TY  - " in record]
    if len(records) != count or not all("KW  - study-design:" in record for record in records):
        raise DemoError(f"{_TAGGED} does not have a tag for each of the {count} references.")
    if "<svg" not in (folder / _COMPARISON).read_text():
        raise DemoError(f"{_COMPARISON} has no plots.")


class _Shell:
    """Runs the command `exchange` in a folder, with profiles of its own."""

    def __init__(self, folder: Path, profiles: Path) -> None:
        self._folder = folder
        self._environment = {**os.environ, "EXCHANGE_CONFIG": str(profiles), "PYTHONPATH": str(ROOT)}

    async def run(self, *arguments: str, shown: bool = True) -> str:
        """Run a command, and print it with the start of what it prints. Return its standard output."""
        console.print(f"  $ exchange {shlex.join(arguments)}", style="bold", markup=False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "exchange.cli", *arguments),
            cwd=self._folder,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = (data.decode() for data in await process.communicate())
        lines = [*err.splitlines(), *(out.splitlines() if shown else [])]
        for line in lines[:_FIRST_LINES]:
            console.print(f"    {line}", style="dim", markup=False)
        if len(lines) > _FIRST_LINES:
            console.print(f"    ... and {len(lines) - _FIRST_LINES} more lines", style="dim")
        if process.returncode != 0:
            raise DemoError(f"`exchange {arguments[0]}` ended with the exit code {process.returncode}.")
        return out
