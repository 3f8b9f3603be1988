"""`python -m benchmarks.growth_process OPERATION FOLDER`: run one operation and print its cost as JSON."""

import asyncio
import json
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.fake_stores import CountingDatabase, DiskBatchFiles, DiskResultFiles
from benchmarks.inputs import ROOT
from benchmarks.snapshot import NEEDS
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.bootstrap import connect, make_services
from exchange.contract.robots import Robot
from exchange.domain.batch import Batch
from exchange.domain.events import CallbackSucceeded
from exchange.domain.ids import new_id
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.advance import advance
from exchange.use_cases.import_results import import_results
from exchange.use_cases.validate_upload import validate_upload
from exchange.use_cases.write_snapshot import write_snapshot
from tests.fakes import FakeBatchStore, FakeQueues, FakeRobotStore

BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
BATCH_FILE = "batch.json"


def make_fake_services(folder: Path, database: CountingDatabase) -> Services:
    """Return the services with the settings of the sample, on fake stores."""
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    settings = Settings.read(values)
    return replace(
        make_services(settings, connect(settings)),
        batches=FakeBatchStore(),
        robots=FakeRobotStore(),
        queues=FakeQueues(),
        files=DiskBatchFiles(folder),
        results=DiskResultFiles(folder),
        references=CosmosReferenceStore(database, settings.limits.import_max_concurrent, settings.limits.stored_room),
    )


async def _run(operation: str, batch: Batch, services: Services) -> None:
    match operation:
        case "validate":
            await validate_upload(batch.id, services)
        case "import":
            await import_results(batch.id, services)
        case _:
            await write_snapshot(batch, new_id(), services)


async def _measure(operation: str, folder: Path) -> dict[str, float]:
    database = CountingDatabase()
    services = make_fake_services(folder, database)
    batch = BATCH.validate_json((folder / BATCH_FILE).read_bytes())
    await services.batches.create(batch)
    robot = {"name": "r", "base_url": "http://127.0.0.1:9", "description": "", "owner": ""}
    await services.robots.create(Robot.model_validate({**robot, "id": batch.robot_id, **NEEDS}))
    if operation == "import":
        delivered = CallbackSucceeded(await services.results.find_upload(batch.id))
        await advance(await services.batches.load(batch.id), delivered, services)
    before, started = read_peak_memory(), time.process_time()
    await _run(operation, batch, services)
    # CPU time: on fake stores the operation waits for nothing.
    seconds = time.process_time() - started
    batch = (await services.batches.load(batch.id)).batch
    if operation == "validate":
        (folder / BATCH_FILE).write_bytes(BATCH.dump_json(batch))
    requests = database.counting.requests
    return {
        "seconds": seconds,
        "before": before,
        "peak": read_peak_memory(),
        "requests": requests,
        "added": batch.progress.added,
    }


def read_peak_memory() -> int:
    """Return the peak memory of this process in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None  # noqa: S101 - Linux has this line for every process
    return int(found[1]) << 10


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(sys.argv[1], Path(sys.argv[2])))))
