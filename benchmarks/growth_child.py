"""`python -m benchmarks.growth_child STEP FOLDER`: do one step in a process of its own; say what it took, as JSON."""

import asyncio
import json
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.doubles import CountingDatabase, DiskBatchFiles, DiskResultFiles
from benchmarks.inputs import ROOT
from benchmarks.snapshot import NEEDS
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.bootstrap import connect, make_services
from exchange.contract.robots import Robot
from exchange.domain.batch import Batch
from exchange.domain.events import CallbackSucceeded
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.advance import advance
from exchange.use_cases.import_results import import_results
from exchange.use_cases.write_snapshot import write_snapshot
from exchange.use_cases.validate_upload import validate_upload
from tests.fakes import FakeBatchStore, FakeQueues, FakeRobotStore

BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
BATCH_FILE = "batch.json"


def make_services(folder: Path, database: CountingDatabase) -> Services:
    """Wire the app with its usual settings, and put the doubles where it would connect."""
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    settings = Settings.read(values)
    return replace(
        make_services(settings, connect(settings)),
        batches=FakeBatchStore(),
        robots=FakeRobotStore(),
        queues=FakeQueues(),
        files=DiskBatchFiles(folder),
        results=DiskResultFiles(folder),
        references=CosmosReferenceStore(database, settings.import_max_concurrent),
    )


async def _do(step: str, batch: Batch, services: Services) -> None:
    match step:
        case "validate":
            await validate_upload(batch.id, services)
        case "import":
            await import_results(batch.id, services)
        case _:
            await write_snapshot(batch, services)


async def _measure(step: str, folder: Path) -> dict[str, float]:
    database = CountingDatabase()
    services = make_services(folder, database)
    batch = BATCH.validate_json((folder / BATCH_FILE).read_bytes())
    await services.batches.create(batch)
    robot = {"name": "r", "base_url": "http://127.0.0.1:9", "description": "", "owner": ""}
    await services.robots.create(Robot.model_validate({**robot, "id": batch.robot_id, **NEEDS}))
    if step == "import":
        await advance(batch.id, CallbackSucceeded(await services.results.current_upload(batch.id)), services)
    before, begun = _peak(), time.process_time()
    await _do(step, batch, services)
    # Of the CPU: on doubles nothing is waited for but other processes.
    seconds = time.process_time() - begun
    batch = (await services.batches.load(batch.id)).batch
    if step == "validate":
        (folder / BATCH_FILE).write_bytes(BATCH.dump_json(batch))
    requests = database.counting.requests
    return {"seconds": seconds, "before": before, "peak": _peak(), "requests": requests, "added": batch.progress.added}


def _peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None  # noqa: S101 - Linux says so of every process
    return int(found[1]) << 10


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(sys.argv[1], Path(sys.argv[2])))))
