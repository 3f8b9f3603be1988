"""The check of the sample robots, and of robots in processes of their own."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from exchange.robots.check.bench import Bench, Times
from exchange.robots.check.model import Finding
from exchange.robots.check.played import PlayedExchange
from exchange.robots.check.references import ReferenceMaker
from exchange.robots.check.run import CheckError, Plan, check_kit_robot, check_robot, check_url, list_failures
from exchange.robots.exchange import Credentials
from samples.misbehaving_robot.robot import MisbehavingRobot
from samples.robot_from_scratch.robot import Robot
from samples.robot_from_scratch.signing import Credentials as SampleCredentials
from samples.robot_from_scratch.wire import Exchange
from tests.samples.fake_exchange import serving
from tests.unit.robots.check.small_robot import SmallRobot, serving_small

TIMES = Times(job_s=200.0, quiet_s=0.5)
# The sample robot on the kit does the same work on the large jobs.
WITHOUT_LARGE = Plan(skipped=dict.fromkeys(["DATA-003", "DATA-007"], "it takes long"))


@asynccontextmanager
async def running_sample(kind: type[Robot | MisbehavingRobot]) -> AsyncIterator[Bench]:
    """Serve a sample robot, which waits only briefly between attempts."""
    credentials = Credentials(uuid4(), uuid4().hex * 2)
    exchange = PlayedExchange(credentials)
    async with exchange.serve("127.0.0.1", 0), aiohttp.ClientSession() as session:
        sample = SampleCredentials(credentials.robot_id, credentials.secret)
        app: web.Application = kind(Exchange(exchange.url, sample, session, first_delay_s=0.01)).make_app()
        async with serving(app) as url:
            bench = Bench(exchange, credentials, TIMES, ReferenceMaker())
            bench.robot_url = url
            yield bench


def list_ids(findings: list[Finding]) -> list[str]:
    return [finding.check.id for finding in list_failures(findings)]


async def test_the_sample_robot_on_the_kit_passes_everything() -> None:
    findings = await check_kit_robot("samples.robot.robot:robot", Plan(times=TIMES))
    assert {finding.check.id: finding.detail for finding in findings if finding.outcome != "passed"} == {}


async def test_the_robot_from_scratch_passes_all_that_it_must() -> None:
    async with running_sample(Robot) as bench:
        findings = await check_robot(bench, WITHOUT_LARGE)
    assert list_ids(findings) == []
    # It knows neither Retry-After nor a download that continues.
    assert [finding.check.id for finding in findings if finding.outcome == "warning"] == ["DATA-013", "CALL-006"]


async def test_the_mistakes_of_the_misbehaving_robot_are_found() -> None:
    async with running_sample(MisbehavingRobot) as bench:
        findings = await check_robot(bench, WITHOUT_LARGE)
    assert list_ids(findings) == ["RSLT-002", "RSLT-003", "RSLT-004", "RSLT-005", "RSLT-006"]


async def test_a_robot_that_forgets_its_jobs_is_found() -> None:
    plan = Plan(only=["KILL-001"], times=Times(job_s=5.0))
    (finding,) = await check_kit_robot("tests.unit.robots.check.forgetful_robot", plan)
    assert finding.outcome == "failed"
    assert finding.detail.startswith(
        "There was no accepted callback within 5 s. Its requests and their answers: download"
    )


async def test_a_robot_that_runs_is_checked_at_its_address() -> None:
    credentials = Credentials(uuid4(), uuid4().hex * 2)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}"
    announced: list[str] = []
    async with serving_small(SmallRobot, api, credentials) as url:
        plan = Plan(only=["ANSW-001"], times=TIMES, port=port)
        (finding,) = await check_url(url, credentials, plan, announced.append)
        with socket.create_server(("127.0.0.1", port)), pytest.raises(CheckError, match=f"cannot listen on .*:{port}"):
            await check_url(url, credentials, plan, announced.append)
    assert (finding.outcome, announced) == ("passed", [api])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing_module:robot", "The robot did not start: There is no module missing_module in this folder"),
        (
            "samples.robot.robot:SCHEME",
            "is not a robot on the kit. The module samples.robot.robot has the robots robot.",
        ),
    ],
)
async def test_a_robot_that_does_not_start_is_one_sentence(name: str, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        await check_kit_robot(name, Plan())
