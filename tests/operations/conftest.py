"""A running exchange, and dead letters in it."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from exchange.bootstrap import Connections, connect, wire
from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.lifecycle import register
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.manifest_file import write_manifest
from tests.results import annotation, jsonl
from tests.stacks import ROOT, Stack, running_stack

PATIENCE_S = 40.0


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Site:
    """A stack, what reaches into it, and the settings of whoever is_operator it."""

    stack: Stack
    services: Services
    connections: Connections
    settings: Path

    async def dead_letters(self, *arguments: str) -> Said:
        """Type the command."""
        return await typed(*arguments, "--settings", str(self.settings))

    async def create(self, batch_id: UUID, reference_id: UUID, **facts: Any) -> Batch:
        """Write a batch as if it had been requested just now, with its manifest."""
        order = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[reference_id])
        batch = replace(register(batch_id, order, "somebody", time.time(), self.services.deadlines).batch, **facts)
        await write_manifest(batch_id, [reference_id], self.services.files)
        await self.services.batches.create(batch)
        return batch

    async def batch(self, batch_id: UUID) -> Batch:
        return (await self.services.batches.load(batch_id)).batch

    async def upload(self, batch_id: UUID, reference_id: UUID) -> None:
        """Upload a result of one entry."""
        await self.connections.blobs.blob("results", f"{batch_id}.jsonl").upload_blob(jsonl(annotation(reference_id)))

    async def poison(self) -> tuple[UUID, UUID]:
        """Upload the result of a batch that is not there yet; return both ids once the app has given up on it."""
        batch_id, reference_id = uuid4(), uuid4()
        before = await self.services.dead_letters.count_poison_queue()
        await self.upload(batch_id, reference_id)

        async def dead_letters() -> bool:
            return await self.services.dead_letters.count_poison_queue() > before

        await until(dead_letters)
        return batch_id, reference_id

    async def lose(self, *subjects: str) -> str:
        """Put these events where Event Grid does; return the letter's id."""
        name = f"RESULTS/2026/11/25/3/{uuid4()}.json"
        told = {"deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 30}
        events = [{"id": str(uuid4()), "subject": subject, **told} for subject in subjects]
        await self.connections.blobs.blob("dead-letters", name).upload_blob(json.dumps(events))
        return f"events/{name}"


async def typed(*arguments: str) -> Said:
    """Type `python -m operations.dead_letters`, as it stands in the Makefile; leave out that it says whom it asks."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "operations.dead_letters", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    whom, newline, rest = out.decode().partition("\n")
    asked = whom.startswith("Asking the exchange of https://")
    return Said(process.returncode, rest if asked else whom + newline + rest, err.decode())


async def until(look: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """Look again and again, for a bounded time."""
    deadline = time.monotonic() + PATIENCE_S
    while not await look():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s"
        await asyncio.sleep(0.1)  # a bounded poll: nothing tells the test


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("operated"), SWEEP_SCHEDULE="* * * * * *") as stack:
        yield stack


@pytest.fixture
async def site(stack: Stack, tmp_path: Path) -> AsyncIterator[Site]:
    os.environ["SSL_CERT_FILE"] = stack.settings["SSL_CERT_FILE"]
    settings = Settings.read(stack.settings)
    connections = connect(settings)
    # Whoever is_operator the exchange need not know the key that robots' secrets are made of.
    known = {name: value for name, value in stack.settings.items() if name != "ROBOT_MASTER_KEY"}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": known}))
    yield Site(stack, make_services(settings, connections), connections, file)
    await connections.close()


ENDED = {"status": BatchStatus.COMPLETED, "due_at": None}
