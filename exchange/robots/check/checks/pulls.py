"""How the robot fetches its jobs, and what it does with their leases."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from exchange.robots.check.bench import Bench, NotDeliveredError
from exchange.robots.check.checks.common import judge_delivery, judge_fault
from exchange.robots.check.jobs import DISCONNECT, Fault, Kind, PlayedJob
from exchange.robots.check.model import (
    PULL_ONLY,
    Check,
    Failed,
    Judgement,
    Level,
    NotApplicable,
    Passed,
    judge_that,
)
from exchange.robots.check.pull_bench import PullBench

_MAX_FETCHES = 10
_RETRY_AFTER_S = 3
# Workers that fetch on their own do not start at the same moment.
_START_S = 1.0
# Clocks and timers are not exact.
_TOLERANCE_S = 0.1
_MAX_LATE_RENEWALS = 2
_RENEW = "Renew the lease in the background, for example after each third of its length."


async def _judge_fetches(bench: Bench, fault: Fault) -> Judgement:
    """Judge whether a fetch had this fault, so far."""
    await bench.deliver_plain()
    found = next((each.faults[fault] for each in bench.exchange.queue.fetches if fault in each.faults), None)
    return Passed() if found is None else Failed(found)


async def _judge_idleness(bench: PullBench) -> Judgement:
    """Have no work, and no Retry-After."""
    async with bench.start_alone() as alone:
        queue = alone.bench.exchange.queue
        queue.retry_after_s = 0
        await _wait_for(alone.bench, lambda: bool(queue.fetches))
        watched_s = 2 * bench.times.quiet_s
        await asyncio.sleep(watched_s)
        return judge_that(
            passed=len(queue.fetches) <= _MAX_FETCHES,
            found=f"There was no work, but the robot fetched {len(queue.fetches)} times within {watched_s:g} s.",
        )


async def _judge_patience(bench: PullBench) -> Judgement:
    """Have no work, and say when to come again."""
    async with bench.start_alone() as alone:
        queue = alone.bench.exchange.queue
        queue.retry_after_s = _RETRY_AFTER_S
        await _wait_for(alone.bench, lambda: bool(queue.fetches))
        await asyncio.sleep(_RETRY_AFTER_S - _TOLERANCE_S)
        waits = [fetch.at - queue.fetches[0].at for fetch in queue.fetches]
        early = [wait for wait in waits if wait > _START_S]
        return judge_that(
            passed=not early,
            found=f"The answer had Retry-After: {_RETRY_AFTER_S}, but the robot fetched again after {early[0]:.1f} s."
            if early
            else "",
        )


async def _judge_persistence(bench: PullBench) -> Judgement:
    """Answer the first fetches with 503 and not at all."""
    async with bench.start_alone() as alone:
        alone.bench.exchange.queue.faults = [503, DISCONNECT]
        references = bench.references.make_many(1)
        return await judge_delivery(alone.bench, PlayedJob(references), references)


async def _judge_renewal(bench: PullBench) -> Judgement:
    """Hold a download for longer than the lease."""
    job = _make_held_job(bench)
    async with bench.place():
        await _send_and_hold(bench, job)
        if reason := _find_long_lease(bench, job):
            job.release()
            return reason
        await asyncio.sleep(1.5 * job.lease_s)
        expired = time.monotonic() > job.lease_until
        job.release()
        found = job.find_fault(Fault.LATE) or job.find_fault(Fault.SIGNATURE)
        if expired:
            found = f"The robot did not renew a lease of {job.lease_s:g} s before it expired. {job.describe_requests()}"
        if found is not None:
            return Failed(found)
        await bench.wait(job)
    return Passed()


async def _judge_lost_lease(bench: PullBench) -> Judgement:
    """Refuse to renew the lease of a job that is worked on."""
    job = _make_held_job(bench, {Kind.RENEWAL: [409] * 100})
    async with bench.place():
        await _send_and_hold(bench, job)
        if reason := _find_long_lease(bench, job):
            job.release()
            return reason
        try:
            await bench.wait_for(job, lambda: bool(job.list(Kind.RENEWAL)))
        finally:
            job.release()
        await bench.wait_quietly(job)
    if job.list(Kind.CALLBACK):
        return Failed("The robot called back, although the renewal of its lease got 409.")
    renewals = len(job.list(Kind.RENEWAL))
    if renewals > _MAX_LATE_RENEWALS:
        return Failed(f"The robot renewed a lost lease {renewals} times.")
    references = bench.references.make_many(1)
    return await judge_delivery(bench, PlayedJob(references), references)


async def _judge_stop(bench: PullBench) -> Judgement:
    """Stop the robot in the middle of a download."""
    async with bench.start_alone() as alone:
        own = alone.bench
        job, later = _make_held_job(own), PlayedJob([own.references.make_ordinary()])
        await _send_and_hold(own, job)
        alone.robot.terminate()
        fetched = own.exchange.queue.offer(own.exchange.add(later))
        # A robot may finish the job, for which it has some seconds.
        await asyncio.sleep(bench.times.quiet_s)
        job.release()
        await own.wait_for(job, lambda: job.given_back or job.settled.is_set() or alone.robot.has_ended())
        if not job.given_back and not job.settled.is_set():
            return Failed("After SIGTERM the robot ended, and neither finished the job nor gave it back.")
        return judge_that(passed=not fetched.is_set(), found="After SIGTERM the robot fetched another job.")


async def _wait_for(bench: Bench, condition: Callable[[], bool]) -> None:
    """Wait until a condition is true that no job tells of. Raises NotDeliveredError."""
    try:
        await bench.wait_for(PlayedJob([]), condition)
    except NotDeliveredError:
        raise NotDeliveredError(f"The robot did not fetch work within {bench.times.job_s:g} s.") from None


def _make_held_job(bench: Bench, faults: dict[Kind, list[int]] | None = None) -> PlayedJob:
    """Return a job whose download is held in the middle."""
    job = PlayedJob(bench.references.make_many(3), faults)
    job.hold(len(job.data) // 2)
    return job


async def _send_and_hold(bench: Bench, job: PlayedJob) -> None:
    answer = await bench.send(job)
    if not answer.accepted:
        raise NotDeliveredError(f"The robot did not accept the job: {answer}.")
    await bench.wait_for(job, job.held.is_set)


def _find_long_lease(bench: Bench, job: PlayedJob) -> NotApplicable | None:
    """Return the reason if the lease is too long to wait for its end."""
    longest_s = bench.times.job_s / 2
    if job.lease_s <= longest_s:
        return None
    return NotApplicable(
        f"The robot asks for leases of {job.lease_s:g} s. For the check, start it with at most {longest_s:g} s."
    )


def _with_pull(judge: Callable[[PullBench], Awaitable[Judgement]]) -> Callable[[Bench], Awaitable[Judgement]]:
    """Return a check that is only made with a robot that fetches its jobs."""

    async def judge_pull(bench: Bench) -> Judgement:
        return await judge(bench) if isinstance(bench, PullBench) else NotApplicable("The robot does not fetch jobs.")

    return judge_pull


CHECKS = (
    Check(
        "PULL-001",
        Level.MUST,
        "signs its fetches",
        "The exchange answers 401 otherwise. A fetch has no body, so the signature is that of empty bytes.",
        "Sign the empty body as docs/robots.md describes, with the time of this fetch.",
        partial(_judge_fetches, fault=Fault.SIGNATURE),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-002",
        Level.MUST,
        "fetches for itself, with a limit and a lease that the exchange accepts",
        "The exchange refuses any other fetch, so the robot never gets work.",
        "Send the robot's own id as robot_id, at most 10000 as limit, and a duration such as PT10M as lease.",
        partial(_judge_fetches, fault=Fault.QUERY),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-003",
        Level.MUST,
        "waits before it fetches again when there is no work",
        "Most fetches find no work. Robots that fetch all the time cost money, and slow the exchange down for others.",
        "After 204 wait some seconds, and longer each time, up to a minute.",
        _with_pull(_judge_idleness),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-004",
        Level.SHOULD,
        "fetches no earlier than Retry-After says",
        "The exchange knows when there may be work. An earlier fetch only adds load.",
        "Read the seconds in the header Retry-After of a 204, and wait at least as long.",
        _with_pull(_judge_patience),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-005",
        Level.MUST,
        "fetches again after 503 and after a lost connection",
        "The exchange and the network are down at times. A robot that ends then gets no work until a restart.",
        "Wait and fetch again. End only when a person has to act.",
        _with_pull(_judge_persistence),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-006",
        Level.MUST,
        "renews the lease of a job that takes longer",
        "After the lease another process gets the references, and the work is done twice.",
        _RENEW,
        _with_pull(_judge_renewal),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-007",
        Level.MUST,
        "drops a job whose renewal got 409",
        "The job belongs to another process, or its batch was cancelled. A callback for it is refused.",
        "End the work on this job without a callback, and fetch the next one.",
        _with_pull(_judge_lost_lease),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-008",
        Level.MUST,
        "calls back at the path of the job",
        "The exchange answers 400 if request_id differs from the id in the path.",
        "Send the callback to /v1/robot-enhancement-batches/<id>/results/, with the same id as request_id.",
        partial(judge_fault, fault=Fault.PATH),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-009",
        Level.SHOULD,
        "finishes its job or gives it back when it is stopped",
        "Otherwise the references wait until the lease expires. After three expired leases they have failed.",
        "At SIGTERM fetch no more. Renew the lease with PT0S for a job that cannot be finished in some seconds.",
        _with_pull(_judge_stop),
        deliveries=PULL_ONLY,
    ),
)
