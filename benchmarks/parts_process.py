"""`python -m benchmarks.parts_process FOLDER SIZE`: let robots fetch and finish parts of a batch. Print the cost."""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from uuid import UUID

from benchmarks.fake_stores import CountingDatabase, DiskResultFiles
from benchmarks.growth_process import BATCH, BATCH_FILE, make_fake_services, read_peak_memory
from benchmarks.inputs import SAMPLES, ResultMaker
from benchmarks.snapshot import NEEDS
from exchange.contract.batches import BatchStatus
from exchange.contract.robots import BatchRobotResult, Robot
from exchange.domain.batch import Batch
from exchange.domain.callers import CallingRobot
from exchange.domain.counts import count_references
from exchange.domain.messages import ImportMessage, NotifyMessage, ValidateMessage
from exchange.ports import Services
from exchange.use_cases.fetch_part import fetch_part
from exchange.use_cases.import_results import import_results
from exchange.use_cases.manifest_file import read_selected
from exchange.use_cases.notify_webhooks import notify_webhooks
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.validate_upload import validate_upload
from tests.fakes import FakeQueues, FakeWebhookStore

WORKERS = 4
_LEASE_S = 600.0


class _Robot:
    """Some workers of one robot. Each fetches a part, uploads a result, and reports it, until nothing is left."""

    def __init__(self, batch: Batch, size: int, folder: Path, services: Services, queues: FakeQueues) -> None:
        self._caller = CallingRobot(batch.robot_id)
        self._results = DiskResultFiles(folder)
        self._size = size
        self._maker = ResultMaker(SAMPLES)
        self._services, self._queues = services, queues
        self.parts = 0
        # CPU seconds for the results, which are work of the robot.
        self.own_seconds = 0.0

    async def work(self) -> None:
        while (part := await fetch_part(self._caller, self._size, _LEASE_S, self._services)) is not None:
            self.parts += 1
            self._upload(part, await read_selected(part, self._services.files))
            done = BatchRobotResult(request_id=part.id, error=None, storage_url=None)
            await receive_callback(part.id, done, self._caller, self._services)
            await self._handle_messages()

    def _upload(self, part: Batch, reference_ids: Sequence[UUID]) -> None:
        started = time.process_time()
        self._results.write(part.id, self._maker.lines(reference_ids))
        self.own_seconds += time.process_time() - started

    async def _handle_messages(self) -> None:
        while self._queues.sent:
            message = self._queues.sent.pop(0)
            match message:
                case ImportMessage():
                    await import_results(message.batch_id, self._services)
                case ValidateMessage():
                    await validate_upload(message.batch_id, self._services)
                case NotifyMessage():
                    await notify_webhooks(message.batch_id, self._services)


async def _measure(folder: Path, size: int) -> dict[str, object]:
    database, queues = CountingDatabase(), FakeQueues()
    services = replace(make_fake_services(folder, database), queues=queues, webhooks=FakeWebhookStore())
    batch = BATCH.validate_json((folder / BATCH_FILE).read_bytes())
    await services.batches.create(batch)
    robot = {"name": "r", "base_url": "http://127.0.0.1:9", "description": "", "owner": "", "delivery": "pull"}
    await services.robots.create(Robot.model_validate({**robot, "id": batch.robot_id, **NEEDS}))
    fetching = _Robot(batch, size, folder, services, queues)
    before, started = read_peak_memory(), time.process_time()
    await asyncio.gather(*(fetching.work() for _ in range(WORKERS)))
    seconds = time.process_time() - started - fetching.own_seconds
    ended = (await services.batches.load(batch.id)).batch
    counts = count_references(ended)
    if ended.status is not BatchStatus.PARTIAL_FAILED or counts is None or counts.pending:
        msg = f"the batch did not end as expected: {ended.status} {counts}"
        raise AssertionError(msg)
    return {
        "seconds": seconds,
        "before": before,
        "peak": read_peak_memory(),
        "parts": fetching.parts,
        "counts": counts.model_dump(),
        "report_lines": _count_lines(folder, ended),
        "outcome": asdict(ended.division.totals) if ended.division else None,
    }


def _count_lines(folder: Path, batch: Batch) -> int:
    (report,) = (folder / "batches" / str(batch.id) / str(batch.report)).glob("validation.txt")
    with report.open("rb") as lines:
        return sum(1 for _ in lines)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(Path(sys.argv[1]), int(sys.argv[2])))))
