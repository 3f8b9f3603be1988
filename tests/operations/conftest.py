"""A running exchange with dead letters."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from exchange.bootstrap import Connections, connect, make_services
from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.lifecycle import register
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.manifest_file import write_manifest
from operations.dead_letters.__main__ import main, make_sources
from operations.dead_letters.source import Source
from tests.results import annotation, jsonl
from tests.stacks import ROOT, Stack, running_stack

TIMEOUT_S = 90.0


class CommandResult(NamedTuple):
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Site:
    """A running stack, direct access to its stores, and the settings file of an operator."""

    stack: Stack
    services: Services
    connections: Connections
    sources: Sequence[Source]
    settings: Path

    async def run_dead_letters(self, *arguments: str) -> CommandResult:
        """Run the command with the operator's settings."""
        return await run_dead_letters(*arguments, "--settings", str(self.settings))

    async def has_dead_letter(self, batch_id: UUID) -> bool:
        """Return whether a dead letter is about this batch."""
        letters = [letter for source in self.sources for letter in await source.list_all()]
        return any(letter.batch_id == str(batch_id) for letter in letters)

    async def create_batch(self, batch_id: UUID, reference_id: UUID, **fields: Any) -> Batch:
        """Write a batch and its manifest, as if it had just been requested. `fields` replace its fields."""
        request = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[reference_id])
        batch = replace(
            register(batch_id, request, "a requestor", time.time(), self.services.deadlines).batch, **fields
        )
        await write_manifest(batch, [reference_id], self.services.files)
        await self.services.batches.create(batch)
        return batch

    async def load_batch(self, batch_id: UUID) -> Batch:
        return (await self.services.batches.load(batch_id)).batch

    async def upload(self, batch_id: UUID, reference_id: UUID) -> None:
        """Upload a result file with one entry."""
        await self.connections.blobs.blob("results", f"{batch_id}.jsonl").upload_blob(jsonl(annotation(reference_id)))

    async def add_to_poison_queue(self) -> tuple[UUID, UUID]:
        """Upload a result of a batch that does not exist, and wait until the event is in the poison queue.

        Returns the ids of the batch and the reference.
        """
        batch_id, reference_id = uuid4(), uuid4()
        before = await self.services.dead_letters.count_poison_queue()
        await self.upload(batch_id, reference_id)

        async def is_in_poison_queue() -> bool:
            return await self.services.dead_letters.count_poison_queue() > before

        await wait_until(is_in_poison_queue)
        return batch_id, reference_id

    async def add_event_dead_letter(self, *subjects: str) -> str:
        """Write events to the dead-letter container, as Event Grid does. Return the id of the dead letter."""
        name = f"RESULTS/2026/11/25/3/{uuid4()}.json"
        reason = {"deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 30}
        events = [{"id": str(uuid4()), "subject": subject, **reason} for subject in subjects]
        await self.connections.blobs.blob("dead-letters", name).upload_blob(json.dumps(events))
        return f"events/{name}"


async def run_dead_letters(*arguments: str) -> CommandResult:
    """Run the command in this process, which is faster. The line with the address is left out."""
    out, err, environment = StringIO(), StringIO(), dict(os.environ)
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = await asyncio.to_thread(main, arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        finally:
            # The command sets variables that the SDKs read.
            os.environ.clear()
            os.environ.update(environment)
    return _make_result(code, out.getvalue(), err.getvalue())


async def run_dead_letters_process(*arguments: str) -> CommandResult:
    """Run `python -m operations.dead_letters`, as the Makefile does. The line with the address is left out."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "operations.dead_letters", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return _make_result(process.returncode, out.decode(), err.decode())


def _make_result(code: int, out: str, err: str) -> CommandResult:
    first, newline, rest = out.partition("\n")
    has_address = first.startswith("Dead letters of the exchange at https://")
    return CommandResult(code, rest if has_address else first + newline + rest, err)


async def wait_until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """Wait until the condition is true. Fails after the timeout."""
    deadline = time.monotonic() + TIMEOUT_S
    while not await condition():
        assert time.monotonic() < deadline, f"waited {TIMEOUT_S:g} s"
        await asyncio.sleep(0.1)  # a bounded poll: no event reports the change


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("operations"), SWEEP_SCHEDULE="* * * * * *") as stack:
        yield stack


@pytest.fixture
async def site(stack: Stack, tmp_path: Path) -> AsyncIterator[Site]:
    os.environ["SSL_CERT_FILE"] = stack.settings["SSL_CERT_FILE"]
    settings = Settings.read(stack.settings)
    connections = connect(settings)
    # Operators do not have the key from which the secrets of robots are derived.
    values = {name: value for name, value in stack.settings.items() if name != "ROBOT_MASTER_KEY"}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    sources = make_sources(settings, connections)
    yield Site(stack, make_services(settings, connections), connections, sources, file)
    await connections.close()


ENDED = {"status": BatchStatus.COMPLETED, "due_at": None}
