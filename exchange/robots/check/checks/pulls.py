"""How the robot fetches its jobs."""

import asyncio
from collections.abc import Callable
from functools import partial

from exchange.robots.check.bench import Bench, NotDeliveredError
from exchange.robots.check.checks.common import judge_delivery, with_pull
from exchange.robots.check.jobs import DISCONNECT, Fault, PlayedJob
from exchange.robots.check.model import PULL_ONLY, Check, Failed, Judgement, Level, Passed, judge_that
from exchange.robots.check.pull_bench import PullBench

_MAX_FETCHES = 10
_RETRY_AFTER_S = 3
# Workers that fetch on their own do not start at the same moment.
_START_S = 1.0
# Clocks and timers are not exact.
_TOLERANCE_S = 0.1


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


async def _wait_for(bench: Bench, condition: Callable[[], bool]) -> None:
    """Wait until a condition is true that no job tells of. Raises NotDeliveredError."""
    try:
        await bench.wait_for(PlayedJob([]), condition)
    except NotDeliveredError:
        raise NotDeliveredError(f"The robot did not fetch work within {bench.times.job_s:g} s.") from None


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
        with_pull(_judge_idleness),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-004",
        Level.SHOULD,
        "fetches no earlier than Retry-After says",
        "The exchange knows when there may be work. An earlier fetch only adds load.",
        "Read the seconds in the header Retry-After of a 204, and wait at least as long.",
        with_pull(_judge_patience),
        deliveries=PULL_ONLY,
    ),
    Check(
        "PULL-005",
        Level.MUST,
        "fetches again after 503 and after a lost connection",
        "The exchange and the network are down at times. A robot that ends then gets no work until a restart.",
        "Wait and fetch again. End only when a person has to act.",
        with_pull(_judge_persistence),
        deliveries=PULL_ONLY,
    ),
)
