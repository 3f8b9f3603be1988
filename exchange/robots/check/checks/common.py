"""What several groups of checks judge in the same way."""

from collections.abc import Awaitable, Callable, Iterable

from exchange.robots.check.bench import Bench
from exchange.robots.check.jobs import Fault, Json, Kind, PlayedJob
from exchange.robots.check.model import Failed, Judgement, NotApplicable, Passed, judge_that
from exchange.robots.check.pull_bench import PullBench
from exchange.robots.check.reading import count_absent, find_batch_error


async def judge_fault(bench: Bench, fault: Fault) -> Judgement:
    """Judge whether a request about ordinary references had this fault."""
    found = (await bench.deliver_plain()).find_fault(fault)
    return Passed() if found is None else Failed(found)


async def judge_delivery(bench: Bench, job: PlayedJob, references: Iterable[Json]) -> Judgement:
    """Judge whether the robot delivers a job with entries for these references."""
    await bench.deliver(job)
    if error := find_batch_error(job):
        return Failed(f"The robot reported that the whole batch failed: {error}")
    absent = count_absent(job, references)
    return judge_that(passed=not absent, found=f"{absent} references have no entry in the result.")


async def deliver_gone(bench: Bench) -> PlayedJob:
    """Return the job whose references do not exist in storage."""
    return await bench.deliver_once(
        "gone", lambda: PlayedJob([bench.references.make_ordinary()], {Kind.DOWNLOAD: [404] * 100})
    )


def with_pull(judge: Callable[[PullBench], Awaitable[Judgement]]) -> Callable[[Bench], Awaitable[Judgement]]:
    """Return a check that is only made with a robot that fetches its jobs."""

    async def judge_pull(bench: Bench) -> Judgement:
        return await judge(bench) if isinstance(bench, PullBench) else NotApplicable("The robot does not fetch jobs.")

    return judge_pull
