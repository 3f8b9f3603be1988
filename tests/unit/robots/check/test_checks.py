"""Each check passes for a robot without mistakes, and fails for one with the mistake that it looks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiohttp import web

from exchange.robots.check.bench import Bench, Times
from exchange.robots.check.checks import CHECKS
from exchange.robots.check.model import Delivery, Failed, Finding, NotApplicable
from exchange.robots.check.played import PlayedExchange
from exchange.robots.check.references import ReferenceMaker
from exchange.robots.check.run import CheckError, Plan, check_robot
from exchange.robots.exchange import Credentials
from tests.unit.robots.check.broken_robots import BROKEN
from tests.unit.robots.check.small_robot import SmallRobot, serving_small

# A broken robot fails some of the checks because it does nothing more, which takes this long.
SHORT = Times(answer_s=5.0, job_s=8.0, quiet_s=1.5)
LONG = Times(answer_s=20.0, job_s=40.0, quiet_s=0.4)
MAX_CONCURRENT = 12
KILL = "KILL-001"


@asynccontextmanager
async def running(kind: type[SmallRobot], times: Times) -> AsyncIterator[Bench]:
    credentials = Credentials(uuid4(), uuid4().hex * 2)
    exchange = PlayedExchange(credentials)
    async with exchange.serve("127.0.0.1", 0), serving_small(kind, exchange.url, credentials) as url:
        bench = Bench(exchange, credentials, times, ReferenceMaker())
        bench.robot_url = url
        yield bench


async def check(kind: type[SmallRobot], times: Times, plan: Plan) -> list[Finding]:
    async with running(kind, times) as bench:
        return await check_robot(bench, plan)


@pytest.fixture(scope="module")
async def failures() -> dict[str, Finding]:
    """What each check finds about the robot with its mistake. They are checked at the same time."""
    places = asyncio.Semaphore(MAX_CONCURRENT)

    async def find(check_id: str, kind: type[SmallRobot]) -> Finding:
        async with places:
            (finding,) = await check(kind, SHORT, Plan(only=[check_id]))
            return finding

    findings = await asyncio.gather(*(find(check_id, kind) for check_id, kind in BROKEN.items()))
    return {finding.check.id: finding for finding in findings}


def test_there_is_a_broken_robot_for_each_check() -> None:
    # A process that is killed is a test of its own.
    assert [*BROKEN, KILL] == [each.id for each in CHECKS if Delivery.PUSH in each.deliveries]


@pytest.mark.parametrize("check_id", BROKEN)
async def test_a_check_finds_its_mistake(check_id: str, failures: dict[str, Finding]) -> None:
    assert isinstance(failures[check_id].judgement, Failed), failures[check_id].detail


async def test_a_robot_without_mistakes_passes() -> None:
    findings = await check(SmallRobot, LONG, Plan())
    assert {finding.check.id: finding.detail for finding in findings if finding.outcome != "passed"} == {
        KILL: "The check can kill only a robot that it has started itself, as in module:robot."
    }


async def test_a_robot_that_never_calls_back_fails_without_long_waits() -> None:
    class Silent(SmallRobot):
        async def send_callback(self, body: bytes) -> None:
            """Do nothing."""

    findings = await check(Silent, Times(job_s=0.5, quiet_s=0.1), Plan())
    failed = {finding.check.id for finding in findings if isinstance(finding.judgement, Failed)}
    assert failed == {"CALL-001"}
    assert all(isinstance(each.judgement, NotApplicable) for each in findings if each.check.needs_delivery)


async def test_a_callback_that_cannot_be_read_is_quoted() -> None:
    class Misspelt(SmallRobot):
        async def send_callback(self, body: bytes) -> None:
            await super().send_callback(body.replace(b"request_id", b"requestid"))

    (finding,) = await check(Misspelt, Times(job_s=0.5), Plan(only=["CALL-001"]))
    assert "A callback had a body that does not fit: request_id: Field required." in finding.detail


async def test_the_storage_url_of_a_callback_must_be_that_of_the_job() -> None:
    class Elsewhere(SmallRobot):
        async def send_callback(self, body: bytes) -> None:
            await super().send_callback(body.replace(b"{", b'{"storage_url": "https://example.org/r", ', 1))

    (finding,) = await check(Elsewhere, SHORT, Plan(only=["CALL-003"]))
    assert finding.detail == "The storage_url of the callback is not the result_storage_url of the job."


async def test_a_robot_that_calls_another_exchange_is_one_sentence() -> None:
    class Elsewhere(SmallRobot):
        async def work(self, job: dict[str, object]) -> None:
            """Do nothing."""

        async def call_back(self, job: dict[str, object], error: str | None) -> None:
            """Do nothing."""

    with pytest.raises(CheckError, match=r"sent no request within 0.3 s. It must call http://127.0.0.1:\d+"):
        await check(Elsewhere, Times(job_s=0.3), Plan())


async def test_a_robot_with_another_secret_is_one_sentence() -> None:
    class Other(SmallRobot):
        def verify(self, headers: object, body: bytes) -> bool:  # noqa: ARG002 - it refuses everything
            return False

    with pytest.raises(CheckError, match=r"HTTP 401 to a job that is signed correctly. Use the same ROBOT_ID"):
        await check(Other, SHORT, Plan())


async def test_the_words_of_a_refusal_are_quoted_without_signatures() -> None:
    class Loud(SmallRobot):
        async def start(self, job: dict[str, str]) -> web.Response:
            return web.Response(status=500, text=f"no: {job['result_storage_url']}")

    with pytest.raises(CheckError) as raised:
        await check(Loud, SHORT, Plan())
    assert 'The robot answered HTTP 500 ("no: http://127.0.0.1' in str(raised.value)
    assert "pK" not in str(raised.value)


async def test_a_result_in_blocks_is_put_together() -> None:
    class InBlocks(SmallRobot):
        async def upload(self, job: dict[str, str], result: bytes) -> None:
            url = job["result_storage_url"]
            for number, part in enumerate((result[:99], result[99:])):
                await self.send("PUT", f"{url}&comp=block&blockid={number}", part, dict)
            listed = b"<BlockList><Latest>0</Latest><Latest>1</Latest></BlockList>"
            await self.send("PUT", f"{url}&comp=blocklist", listed, dict)

    ids = ["UPLD-001", "URLS-005", "UPLD-003", "RSLT-006"]
    findings = await check(InBlocks, LONG, Plan(only=ids))
    assert [(finding.outcome, finding.detail) for finding in findings] == [("passed", "")] * len(ids)


async def test_a_check_is_skipped_with_a_reason() -> None:
    plan = Plan(only=["RSLT-008", "ANSW-001"], skipped={"RSLT-008": "it rarely finds something"})
    findings = await check(BROKEN["RSLT-008"], SHORT, plan)
    assert {finding.check.id: (finding.outcome, finding.detail) for finding in findings} == {
        "ANSW-001": ("passed", ""),
        "RSLT-008": ("skipped", "it rarely finds something"),
    }


def test_an_unknown_check_is_an_error() -> None:
    with pytest.raises(CheckError, match=r"Unknown check: X-1, X-2. docs/robots.md lists the checks"):
        Plan(only=["X-2"], skipped={"X-1": "why"})
