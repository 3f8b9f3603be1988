"""What the robot does with the leases of the jobs that it has fetched."""

import asyncio
import time
from functools import partial

from exchange.robots.check.bench import Bench, NotDeliveredError
from exchange.robots.check.checks.common import judge_delivery, judge_fault, with_pull
from exchange.robots.check.jobs import Fault, Kind, PlayedJob
from exchange.robots.check.model import PULL_ONLY, Check, Failed, Judgement, Level, NotApplicable, Passed, judge_that
from exchange.robots.check.pull_bench import PullBench

_MAX_LATE_RENEWALS = 2


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


CHECKS = (
    Check(
        "PULL-006",
        Level.MUST,
        "renews the lease of a job that takes longer",
        "After the lease another process gets the references, and the work is done twice.",
        "Renew the lease in the background, for example after each third of its length.",
        with_pull(_judge_renewal),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-007",
        Level.MUST,
        "drops a job whose renewal got 409",
        "The job belongs to another process, or its batch was cancelled. A callback for it is refused.",
        "End the work on this job without a callback, and fetch the next one.",
        with_pull(_judge_lost_lease),
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
        with_pull(_judge_stop),
        deliveries=PULL_ONLY,
    ),
)
