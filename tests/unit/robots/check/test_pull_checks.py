"""Each check of robots that fetch their jobs passes for one without mistakes, and fails for one with its mistake."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import pytest

from exchange.robots.check.bench import Bench, Times
from exchange.robots.check.checks import CHECKS
from exchange.robots.check.model import PULL_ONLY, Delivery, Failed, Finding
from exchange.robots.check.played import PlayedExchange
from exchange.robots.check.process import make_pull_command
from exchange.robots.check.pull_bench import PullBench
from exchange.robots.check.references import ReferenceMaker
from exchange.robots.check.run import CheckError, Plan, run_checks
from exchange.robots.check.run_pull import check_pull_robot
from exchange.robots.exchange import Credentials
from tests.unit.robots.check import broken_pull_robots, broken_robots
from tests.unit.robots.check.small_pull_robot import Fetching, SmallPullRobot, mix, running_small
from tests.unit.robots.check.test_checks import LONG, SHORT

MAX_CONCURRENT = 12
START_S = 60.0
# The mistakes in a job are found whichever way it came.
BROKEN = {
    **{
        check.id: mix(broken_robots.BROKEN[check.id])
        for check in CHECKS
        if Delivery.PULL in check.deliveries and check.id in broken_robots.BROKEN
    },
    **broken_pull_robots.BROKEN,
}


@asynccontextmanager
async def running(kind: type[Fetching], times: Times) -> AsyncIterator[Bench]:
    credentials = Credentials(uuid4(), uuid4().hex * 2)
    exchange = PlayedExchange(credentials)
    start = partial(running_small, kind)
    async with exchange.serve("127.0.0.1", 0), start(exchange.url, credentials):
        yield PullBench(exchange, credentials, times, ReferenceMaker(), start)


async def check(kind: type[Fetching], times: Times, *only: str) -> list[Finding]:
    async with running(kind, times) as bench:
        job = bench.make_plain()
        await asyncio.wait_for(bench.exchange.queue.offer(bench.exchange.add(job)).wait(), START_S)
        bench.keep_plain(job)
        return await run_checks(bench, Plan(only=only, delivery=Delivery.PULL), delivers=True)


@pytest.fixture(scope="module")
async def failures() -> dict[str, Finding]:
    """What each check finds about the robot with its mistake. They are checked at the same time."""
    places = asyncio.Semaphore(MAX_CONCURRENT)

    async def find(check_id: str) -> Finding:
        async with places:
            (finding,) = await check(BROKEN[check_id], SHORT, check_id)
            return finding

    findings = await asyncio.gather(*map(find, BROKEN))
    return {finding.check.id: finding for finding in findings}


def test_there_is_a_broken_robot_for_each_check() -> None:
    assert list(BROKEN) == [each.id for each in CHECKS if Delivery.PULL in each.deliveries]
    assert list(broken_pull_robots.BROKEN) == [each.id for each in CHECKS if each.deliveries == PULL_ONLY]


@pytest.mark.parametrize("check_id", BROKEN)
async def test_a_check_finds_its_mistake(check_id: str, failures: dict[str, Finding]) -> None:
    assert isinstance(failures[check_id].judgement, Failed), failures[check_id].detail


@pytest.mark.parametrize("max_jobs", [1, 2])
async def test_a_robot_without_mistakes_passes(max_jobs: int) -> None:
    class Small(SmallPullRobot):
        pass

    Small.max_jobs = max_jobs
    findings = await check(Small, LONG)
    assert {finding.check.id: finding.detail for finding in findings if finding.outcome != "passed"} == {}
    assert len(findings) == len(BROKEN)


async def test_a_long_lease_cannot_be_checked() -> None:
    class Patient(Fetching):
        lease = "PT10M"

    findings = await check(Patient, SHORT, "PULL-006", "PULL-007")
    detail = f"The robot asks for leases of 600 s. For the check, start it with at most {SHORT.job_s / 2:g} s."
    assert [(finding.outcome, finding.detail) for finding in findings] == [("not applicable", detail)] * 2


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({"limit": 20_000}, "A fetch had the limit '20000'. It must be 1 to 10000."),
        ({"limit": "all"}, "A fetch had the limit 'all'. It must be 1 to 10000."),
        ({"lease": "600"}, "A fetch had the lease '600'. It must be an ISO 8601 duration such as PT10M."),
        ({"lease": "PT"}, "A fetch had the lease 'PT'. It must be an ISO 8601 duration such as PT10M."),
    ],
)
async def test_a_query_that_the_exchange_would_refuse_is_quoted(attributes: dict[str, object], found: str) -> None:
    (finding,) = await check(type("Odd", (Fetching,), attributes), SHORT, "PULL-002")
    assert finding.detail == found


async def test_a_check_of_robots_that_are_called_does_not_apply() -> None:
    (finding,) = await check(SmallPullRobot, SHORT, "SIGN-001")
    assert (finding.outcome, finding.detail) == (
        "not applicable",
        "This check is not for a robot that fetches its jobs.",
    )


# The check of robots that are called has the large jobs.
WITHOUT_LARGE = dict.fromkeys(["DATA-003", "DATA-007"], "it takes long")
PULL = Plan(delivery=Delivery.PULL, times=Times(job_s=200.0, quiet_s=0.5), skipped=WITHOUT_LARGE)


async def test_a_robot_that_fetches_after_its_stop_is_found() -> None:
    class Eager(Fetching):
        async def stop(self) -> None:
            await super().stop()
            await self.fetch()

    (finding,) = await check(Eager, SHORT, "PULL-009")
    assert finding.detail == "After SIGTERM the robot fetched another job."


async def test_a_renewal_that_comes_late_is_found() -> None:
    class Late(Fetching):
        renewal_s = 1.2

    (finding,) = await check(Late, SHORT, "PULL-006")
    assert finding.detail == "A renewal came after the lease of 1 s had expired."


@pytest.mark.exhaustive
async def test_the_sample_robot_on_the_kit_passes_everything() -> None:
    findings = await check_pull_robot(make_pull_command("samples.robot.robot:robot"), PULL)
    assert {each.check.id: each.detail for each in findings if each.outcome != "passed"} == WITHOUT_LARGE
    assert len(findings) == len(BROKEN)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            make_pull_command("missing_module:robot"),
            r"did not fetch work, but ended: There is no module missing_module",
        ),
        ([sys.executable, "-c", "print('{api}'); import sys; sys.exit(1)"], r"but ended: http://127.0.0.1:\d+$"),
        (["a-missing-command", "{api}"], "The command a-missing-command cannot be run: No such file or directory."),
    ],
)
async def test_a_robot_that_does_not_start_is_one_sentence(command: list[str], message: str) -> None:
    with pytest.raises(CheckError, match=message):
        await check_pull_robot(command, PULL)


async def test_a_robot_that_fetches_nothing_is_one_sentence() -> None:
    plan = Plan(delivery=Delivery.PULL, times=Times(job_s=0.3))
    with pytest.raises(CheckError, match=r"within 0.3 s. It must send POST http://127.0.0.1:\d+/v1/robot-enhancement"):
        await check_pull_robot([sys.executable, "-c", "import time; time.sleep(60)", "{api}"], plan)
