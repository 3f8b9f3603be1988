"""The command `exchange` on the local stack: what a reviewer types, from a reference file to the tagged file."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from exchange.cli.exits import Exit
from exchange.formats import Reading, Row, read_references, write_references
from tests.e2e.exchange import SAMPLES, Exchange
from tests.e2e.robot import Job, Robot, running_robot
from tests.results import annotation
from tests.stacks import ROOT

REFERENCES = 12


@dataclass
class Shell:
    """Runs the command in a folder, with profiles of its own."""

    folder: Path

    async def run(self, *arguments: object, stdin: bytes = b"", code: Exit = Exit.DONE) -> str:
        """Run the command and return what it printed. The exit code must be this one."""
        process = await self._start(*arguments)
        out, err = await process.communicate(stdin)
        assert process.returncode == code, err.decode()
        assert b"Traceback" not in err
        return out.decode() if code in {Exit.DONE, Exit.ENDED_WITH_FAILURES} else err.decode()

    @asynccontextmanager
    async def running(self, *arguments: object) -> AsyncIterator[None]:
        """Run a command that serves until the context ends. Then it must stop without an error."""
        process = await self._start(*arguments)
        assert process.stderr is not None
        try:
            assert b"listening on port" in await process.stderr.readline()
            yield
        finally:
            process.terminate()
            _, err = await process.communicate()
        assert process.returncode == Exit.DONE, err.decode()

    async def _start(self, *arguments: object) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "exchange.cli", *map(str, arguments)),
            cwd=self.folder,
            env={**os.environ, "EXCHANGE_CONFIG": str(self.folder / "config"), "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def read(self, *arguments: object, code: Exit = Exit.DONE) -> Any:
        """Run the command with `--json` and return the value."""
        return json.loads(await self.run(*arguments, "--json", code=code))


@pytest.fixture
async def shell(exchange: Exchange, tmp_path: Path) -> Shell:
    """A signed-in command, with a RIS file and a file of the stack."""
    shell = Shell(tmp_path)
    stack = {"api": exchange.stack.api, "tokens": dict(exchange.stack.tokens)}
    write(tmp_path / "stack.json", json.dumps(stack))
    rows = [Row(item.reference) for item in read_references(SAMPLES) if isinstance(item, Reading)]
    label = "screening:Nagtegaal_2019:included"
    write_references(tmp_path / "library.ris", "ris", rows[:REFERENCES], asreview_label=label)
    await shell.run("login", "stack.json")
    assert (tmp_path / "config" / "profiles.json").stat().st_mode & 0o077 == 0
    return shell


def write(path: Path, text: str) -> None:
    path.write_text(text)


def exists(path: Path) -> bool:
    return path.exists()


def read(path: Path) -> str:
    return path.read_text()


async def enhance_most(robot: Robot, job: Job) -> web.Response:
    """Tag all references but the last one, which cannot be judged."""
    references = [item["id"] for item in await robot.download_references(job)]
    entries = [annotation(item, "cohort" if number % 2 else "trial") for number, item in enumerate(references[:-1])]
    await robot.upload(job, *entries, {"reference_id": references[-1], "message": "no abstract"})
    await robot.call_back(job)
    return web.Response(status=202)


async def test_a_reviewer_gets_tags_from_a_ris_file_to_a_ris_file(exchange: Exchange, shell: Shell) -> None:
    loaded = await shell.run("references", "load", "library.ris")
    write(shell.folder / "loaded.jsonl", loaded)
    assert len(loaded.splitlines()) == REFERENCES
    async with running_robot(exchange, enhance_most) as robot:
        robot_id = await exchange.register_robot(robot.url)
        name = (await shell.read("robots", "show", robot_id))["name"]
        request = ("batches", "request", name, "--from", "loaded.jsonl", "--metadata.review", "nudging", "--wait")
        batch = await shell.read(*request, code=Exit.ENDED_WITH_FAILURES)
        assert batch["counts"] == {**batch["counts"], "requested": REFERENCES, "enhanced": REFERENCES - 1, "failed": 1}
        dry_run = ("--dry-run", "--skip-enhanced", "--from", "loaded.jsonl")
        assert (await shell.run("batches", "request", name, *dry_run)).splitlines() == [
            "requested\tfound\tunknown\tskipped",
            f"{REFERENCES}\t{REFERENCES}\t0\t{REFERENCES - 1}",
        ]
        listed = await shell.read("batches", "list", "--metadata.review", "nudging", "--robot", name)
        assert [item["id"] for item in listed] == [batch["id"]]
        errors = await shell.read("batches", "errors", batch["id"])
        assert [item["count"] for item in errors["errors"]] == [1]
        (entry,) = await shell.read("batches", "errors", batch["id"], "--kind", "robot_error")
        assert entry["message"] == "The robot reported: no abstract"
        assert len((await shell.run("batches", "report", batch["id"])).splitlines()) == REFERENCES
        retried = await shell.read("batches", "retry", batch["id"], "--wait", code=Exit.ENDED_WITH_FAILURES)
        assert retried["counts"]["requested"] == 1
    export = ("--original", "library.ris", "--from", "loaded.jsonl")
    await shell.run("batches", "export", batch["id"], "tagged.ris", *export)
    records = [record for record in read(shell.folder / "tagged.ris").split("ER  - ") if "TY  - " in record]
    originals = [record for record in read(shell.folder / "library.ris").split("ER  - ") if "TY  - " in record]
    assert len(records) == len(originals) == REFERENCES
    for record, original in zip(records, originals, strict=True):
        # The note with the annotations is replaced by a longer one.
        kept = {line for line in original.splitlines() if not line.startswith("N1  - Annotations: ")}
        assert kept <= set(record.splitlines())
    assert sum("KW  - design:" in record for record in records) == REFERENCES - 1
    # The file may be renamed, but what has changed in it finds no place.
    changed = originals[1].replace("TI  - ", "TI  - Changed: ")
    moved = (*originals[:1:-1], changed, originals[0], "TY  - JOUR\nAU  - Nobody")
    write(shell.folder / "moved.ris", "".join(f"{record.strip()}\nER  - \n" for record in moved))
    await shell.run(
        *("batches", "export", batch["id"], "other.ris", "--original", "moved.ris", "--from", "loaded.jsonl"),
        code=Exit.ENDED_WITH_FAILURES,
    )
    enhanced = sum("KW  - design:" in record for number, record in enumerate(records) if number != 1)
    assert read(shell.folder / "other.ris").count("KW  - design:") == enhanced >= REFERENCES - 2
    same = ("--original", "library.ris", "--from", "loaded.jsonl")
    await shell.run("batches", "export", batch["id"], "library.ris", *same, code=Exit.USAGE)
    await shell.run("batches", "export", batch["id"], "tagged.csv")
    assert read(shell.folder / "tagged.csv").count("\n") >= REFERENCES - 1
    labels = ("--labels", "library.ris", "--from", "loaded.jsonl", "--map", "screening:included=design:trial")
    assert "Cohen's kappa" in await shell.run("batches", "compare", batch["id"], *labels, "--html", "page.html")
    assert "<svg" in read(shell.folder / "page.html")
    with_itself = await shell.read("batches", "compare", batch["id"], batch["id"])
    assert {label["estimates"]["agreement"]["value"] for label in with_itself["labels"]} == {1.0}
    assert "has already ended" in await shell.run("batches", "cancel", batch["id"], code=Exit.FAILED)
    found = await shell.run("references", "find", "--from", "-", code=Exit.DONE, stdin=loaded.encode())
    assert len(found.split()) == REFERENCES
    shown = await shell.read("references", "show", found.split()[0])
    assert {item["source"] for item in shown["enhancements"]} >= {"test robot", "library"}
    await shell.run("references", "export", "all.jsonl", "--from", "loaded.jsonl")
    assert read(shell.folder / "all.jsonl").count("\n") == REFERENCES


@pytest.mark.exhaustive
async def test_a_table_with_chosen_columns_gets_its_tags(exchange: Exchange, shell: Shell) -> None:
    """The columns are chosen once: when the table is loaded."""
    rows = [f"Study {number} of {shell.folder.name},1" for number in range(3)]
    write(shell.folder / "table.csv", "\n".join(["Name of study,included", *rows, ""]))
    chosen = ("--map.title", "Name of study", "--output", "loaded.jsonl")
    assert "Say which column" in await shell.run("references", "load", "table.csv", code=Exit.FAILED)
    await shell.run("references", "load", "table.csv", *chosen)
    async with running_robot(exchange, enhance_most) as robot:
        robot_id = await exchange.register_robot(robot.url)
        request = ("batches", "request", robot_id, "--from", "loaded.jsonl", "--wait")
        batch = await shell.read(*request, code=Exit.ENDED_WITH_FAILURES)
    (shell.folder / "renamed.csv").write_bytes((shell.folder / "table.csv").read_bytes())
    for name in ("table.csv", "renamed.csv"):
        await shell.run("batches", "export", batch["id"], "tagged.csv", "--original", name, "--from", "loaded.jsonl")
        header, *tagged = read(shell.folder / "tagged.csv").splitlines()
        assert header.startswith("Name of study,included,design:")
        assert [line.partition(",1,")[0] for line in tagged] == [row.removesuffix(",1") for row in rows]
        assert sum("test robot" in line for line in tagged) == len(rows) - 1
    labels = ("--labels", "renamed.csv", "--from", "loaded.jsonl", "--map", "screening:included=design:trial")
    compared = await shell.read("batches", "compare", batch["id"], *labels)
    assert sum(compared["labels"][0]["table"].values()) == len(rows) - 1


async def test_references_are_chosen_by_identifiers_and_unknown_ones_are_named(shell: Shell) -> None:
    write(shell.folder / "one.jsonl", SAMPLES.read_text().splitlines()[0])
    (loaded,) = (await shell.run("references", "load", "one.jsonl")).splitlines()
    assert (await shell.run("references", "find", "--from", "one.jsonl")).strip() == json.loads(loaded)["id"]
    unknown = await shell.run("references", "find", "--doi", "10.1234/unknown", code=Exit.FAILED)
    assert "Left out, because the exchange does not have them: 10.1234/unknown." in unknown
    assert "identifier" in await shell.run("references", "find", "--doi", "no DOI", code=Exit.USAGE)


async def test_operators_manage_robots_and_requestors_webhooks(shell: Shell) -> None:
    name = f"robot of {shell.folder.name}"
    made = await shell.read("robots", "register", name, "http://127.0.0.1:9", "--needs", "abstract")
    assert len(made["client_secret"]) == 64
    again = await shell.run(
        "robots", "register", name, "http://127.0.0.1:9", "--credentials", "x.json", code=Exit.FAILED
    )
    assert "already exists" in again
    assert not exists(shell.folder / "x.json")
    changed = await shell.read("robots", "update", name, "--version", "2", "--no-enabled")
    assert (changed["version"], changed["enabled"]) == ("2", False)
    assert (await shell.read("robots", "rotate-secret", name))["client_secret"] != made["client_secret"]
    assert name in await shell.run("robots", "list")
    hook = await shell.read("webhooks", "add", "http://127.0.0.1:9/hook")
    assert (await shell.read("webhooks", "test", hook["id"]))["event"] == "webhook.test"
    (delivery,) = await shell.read("webhooks", "deliveries", hook["id"])
    assert (await shell.read("webhooks", "redeliver", hook["id"], delivery["id"]))["event"] == "webhook.test"
    assert (await shell.read("webhooks", "rotate-secret", hook["id"]))["secret"] != hook["secret"]
    await shell.run("webhooks", "remove", hook["id"])
    assert hook["id"] not in await shell.run("webhooks", "list")


async def test_a_robot_is_registered_and_run_by_its_module(shell: Shell, unused_tcp_port: int) -> None:
    name, file = f"robot of {shell.folder.name}", shell.folder / "robot.json"
    address = f"http://127.0.0.1:{unused_tcp_port}"
    register = ("robots", "register", name, address, "--needs", "bibliographic", "--needs", "abstract")
    made = await shell.read(*register, "--credentials", "robot.json")
    saved = json.loads(read(file))
    assert (made["id"], "client_secret" in made, len(saved["client_secret"])) == (saved["id"], False, 64)
    assert file.stat().st_mode & 0o077 == 0
    assert "exists already" in await shell.run(*register, "--credentials", "robot.json", code=Exit.FAILED)
    # The secret is replaced while no robot knows it.
    await shell.run("robots", "rotate-secret", name, "--revoke", "--credentials", "robot.json")
    assert json.loads(read(file))["client_secret"] != saved["client_secret"]
    write(shell.folder / "loaded.jsonl", await shell.run("references", "load", "library.ris"))
    async with shell.running(
        "robots",
        "run",
        "samples.robot.robot:robot",
        "--credentials",
        "robot.json",
        "--port",
        unused_tcp_port,
        "--state",
        "state",
    ):
        request = ("batches", "request", name, "--from", "loaded.jsonl", "--wait")
        batch = await shell.read(*request)
    assert (batch["request_status"], batch["counts"]["enhanced"]) == ("completed", REFERENCES)


async def test_who_is_signed_in_and_a_token_that_is_not_valid(exchange: Exchange, shell: Shell) -> None:
    assert (await shell.read("whoami"))["roles"] == ["operator"]
    await shell.run("login", "stack.json", "--role", "requestor", "--name", "reviewer")
    assert (await shell.read("whoami"))["roles"] == ["requestor"]
    refused = await shell.run("robots", "register", "n", "http://127.0.0.1:9", code=Exit.FAILED)
    assert "operator" in refused
    stack = {"api": exchange.stack.api, "tokens": {"requestor": "x", "operator": "x"}}
    write(shell.folder / "stack.json", json.dumps(stack))
    assert "Type: exchange login" in await shell.run("robots", "list", code=Exit.NOT_SIGNED_IN)
    write(shell.folder / "stack.json", "")
    assert "Is the local stack running?" in await shell.run("robots", "list", code=Exit.NOT_SIGNED_IN)
