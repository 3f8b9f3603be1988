"""Robots of every kind, and how the batch of each must end, also if other things fail."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import aiohttp
from aiohttp import web

from tests.e2e.robot import Job
from tests.faults.deliveries import (
    make_faulty_delivery,
    make_mixed_delivery,
    make_unusable_delivery,
    make_valid_delivery,
)
from tests.faults.watched_batch import Behaviour, Item, MakeDelivery, WatchedBatch, accept_and_deliver

Work = Callable[[WatchedBatch, Job], Awaitable[None]]

# Longer than ROBOT_CALL_TIMEOUT_S.
_LATE_S = 1.5
_MESSAGE = "out of memory"


class End(StrEnum):
    """Why a batch ended."""

    IMPORTED = "imported"
    ERROR = "error reported"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    OTHER = "other"


_ERRORS = {
    f"The robot reported an error: {_MESSAGE}": End.ERROR,
    "The robot rejected the batch (HTTP 422)": End.REJECTED,
    "The robot did not accept the last call: it did not accept the exchange's signature": End.REJECTED,
    "The robot could not be reached in ": End.UNREACHABLE,
    "The robot accepted the batch but delivered no result within ": End.SILENT,
}


def find_end(item: Item) -> End:
    """Return why the batch of this item ended."""
    if item["import_started"]:
        return End.IMPORTED
    error = item["error"] or ""
    return next((end for beginning, end in _ERRORS.items() if error.startswith(beginning)), End.OTHER)


@dataclass(frozen=True, slots=True)
class ChaosRobot:
    """A robot. Its batch must end in one of the ways in `ends`. If it `ends_late`, a deadline ends it."""

    behaviour: Behaviour
    ends: frozenset[End] = frozenset({End.IMPORTED})
    make_delivery: MakeDelivery = make_mixed_delivery
    ends_late: bool = False


def accept_and(work: Work) -> Behaviour:
    """Accept the first call and start to work. Answer later calls with 409."""

    async def behave(batch: WatchedBatch, job: Job) -> web.Response:
        if len(batch.jobs) > 1:
            return web.Response(status=409)
        batch.start(work(batch, job))
        return web.Response(status=202)

    return behave


def answer(status: int) -> Behaviour:
    """Answer every call with this status, and do nothing else."""

    async def behave(_batch: WatchedBatch, _job: Job) -> web.Response:
        return web.json_response({"detail": "no"}, status=status)

    return behave


async def answer_late(batch: WatchedBatch, job: Job) -> web.Response:
    """Accept the first call, but answer after the caller has stopped waiting."""
    if len(batch.jobs) > 1:
        return web.Response(status=409)
    batch.start(work_slowly(batch, job))
    await asyncio.sleep(_LATE_S)
    return web.Response(status=202)


async def never_answer(_batch: WatchedBatch, _job: Job) -> web.Response:
    await asyncio.sleep(_LATE_S)
    return web.Response(status=503)


async def answer_busy_at_first(batch: WatchedBatch, job: Job) -> web.Response:
    if len(batch.jobs) <= 2:
        return web.Response(status=503)
    if len(batch.jobs) == 3:
        batch.start(batch.deliver(job))
    return web.Response(status=202)


async def deliver_and_refuse(batch: WatchedBatch, job: Job) -> web.Response:
    """Do all the work before the answer, and then refuse the batch."""
    if len(batch.jobs) > 1:
        return web.Response(status=409)
    work = asyncio.create_task(batch.deliver(job))
    batch.start(work)
    await asyncio.wait({work})
    return web.Response(status=422)


async def work_slowly(batch: WatchedBatch, job: Job) -> None:
    await asyncio.sleep(2)
    await batch.upload(job)
    await asyncio.sleep(2)
    await batch.call_back(job)


async def do_nothing(_batch: WatchedBatch, _job: Job) -> None:
    pass


async def report_an_error(batch: WatchedBatch, job: Job) -> None:
    status = await batch.call_back_until_answered(job, _MESSAGE)
    assert status == 200, f"the error got {status}"


async def upload_and_report_an_error(batch: WatchedBatch, job: Job) -> None:
    await batch.upload(job)
    await batch.call_back_until_answered(job, _MESSAGE)


async def deliver_and_report_an_error(batch: WatchedBatch, job: Job) -> None:
    await batch.deliver(job)
    await batch.call_back_until_answered(job, _MESSAGE)


async def report_an_error_and_deliver(batch: WatchedBatch, job: Job) -> None:
    await report_an_error(batch, job)
    await batch.upload(job)
    status = await batch.call_back_until_answered(job)
    assert status == 409, f"a success after an error got {status}"


async def call_back_without_upload(batch: WatchedBatch, job: Job) -> None:
    status = await batch.call_back_until_answered(job)
    assert status == 409, f"the callback without a result got {status}"


async def deliver_and_call_back_again(batch: WatchedBatch, job: Job) -> None:
    await batch.deliver(job)
    await asyncio.gather(batch.call_back(job), batch.call_back(job))


async def lie_about_other_batches(batch: WatchedBatch, job: Job) -> None:
    """Call back for the last batches of other robots, and then deliver."""
    known = [other.id for other in batch.others if other.id and other is not batch]
    for batch_id, error in product(known[-5:], (None, {"message": _MESSAGE})):
        body = {"request_id": batch_id, "error": error}
        with suppress(aiohttp.ClientError, OSError):
            status, _ = await batch.exchange.call_as_robot(batch.robot.credentials[job["id"]], body)
            assert status in {403, 503}, f"a callback for the batch of another robot got {status}"
    await batch.deliver(job)


async def upload_twice(batch: WatchedBatch, job: Job) -> None:
    for version in ("first", "second one"):
        await batch.upload(job, make_mixed_delivery(job["id"], batch.references, batch.times, version))
    await batch.call_back(job)


async def replace_after_the_callback(batch: WatchedBatch, job: Job) -> None:
    # Each version has another size, by which it is recognised if the answer to its upload is lost.
    versions = [
        make_mixed_delivery(job["id"], batch.references, batch.times, "version" + number * "'") for number in range(5)
    ]
    await batch.upload(job, versions[0])
    await batch.upload(job, versions[1])
    await asyncio.gather(batch.call_back(job), *(batch.upload(job, version) for version in versions[2:]))
    await batch.call_back(job)


ROBOTS: Mapping[str, ChaosRobot] = {
    "honest": ChaosRobot(accept_and_deliver),
    "honest, all references": ChaosRobot(accept_and_deliver, make_delivery=make_valid_delivery),
    "misbehaving": ChaosRobot(accept_and_deliver, make_delivery=make_faulty_delivery),
    "uploads nothing usable": ChaosRobot(accept_and_deliver, make_delivery=make_unusable_delivery),
    "slow": ChaosRobot(accept_and(work_slowly)),
    "answers late": ChaosRobot(answer_late),
    # The time for calls may be used up before the third one, if the exchange is slow.
    "busy at first": ChaosRobot(answer_busy_at_first, frozenset({End.IMPORTED, End.UNREACHABLE})),
    "busy": ChaosRobot(answer(503), frozenset({End.UNREACHABLE}), ends_late=True),
    "never answers": ChaosRobot(never_answer, frozenset({End.UNREACHABLE}), ends_late=True),
    "refuses": ChaosRobot(answer(422), frozenset({End.REJECTED})),
    "refuses the signature": ChaosRobot(answer(401), frozenset({End.REJECTED}), ends_late=True),
    "delivers and refuses": ChaosRobot(deliver_and_refuse),
    "silent": ChaosRobot(accept_and(do_nothing), frozenset({End.SILENT}), ends_late=True),
    "reports an error": ChaosRobot(accept_and(report_an_error), frozenset({End.ERROR})),
    "uploads, then an error": ChaosRobot(accept_and(upload_and_report_an_error), frozenset({End.ERROR, End.IMPORTED})),
    "success, then an error": ChaosRobot(accept_and(deliver_and_report_an_error), frozenset({End.ERROR, End.IMPORTED})),
    "error, then a success": ChaosRobot(accept_and(report_an_error_and_deliver), frozenset({End.ERROR})),
    "never calls back": ChaosRobot(accept_and(WatchedBatch.upload)),
    "calls back, no upload": ChaosRobot(accept_and(call_back_without_upload), frozenset({End.SILENT}), ends_late=True),
    "calls back three times": ChaosRobot(accept_and(deliver_and_call_back_again)),
    "lies": ChaosRobot(accept_and(lie_about_other_batches)),
    "uploads twice": ChaosRobot(accept_and(upload_twice)),
    "replaces its upload": ChaosRobot(accept_and(replace_after_the_callback)),
}
