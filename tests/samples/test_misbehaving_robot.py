"""The misbehaving robot's account of its mistakes, compared with the exchange's report on its result file."""

import json
from collections.abc import Iterable
from uuid import UUID

import aiohttp
import pytest

from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest
from local.demo import expected_report
from local.demo.errors import DemoError
from samples.misbehaving_robot.mistakes import MISTAKES
from samples.misbehaving_robot.robot import MisbehavingRobot
from samples.robot_from_scratch.wire import Exchange
from tests.results import ORIGIN
from tests.samples.fake_exchange import CREDENTIALS, running_exchange, serving, to_jsonl
from tests.samples.references import Json, load_samples

REFERENCE_COUNT = 60


async def run_robot(references: list[Json]) -> tuple[bytes, dict[str, list[str]]]:
    """Run the robot on these references. Return its result file and its account."""
    async with running_exchange(to_jsonl(*references)) as exchange, aiohttp.ClientSession() as session:
        robot = MisbehavingRobot(Exchange(exchange.url, CREDENTIALS, session))
        async with serving(robot.make_app()) as exchange.robot_url:
            assert await exchange.send_job() == 202
            assert (await exchange.wait_for_callback())["error"] is None
            async with session.get(f"{exchange.robot_url}/account") as response:
                return exchange.result, await response.json()


def write_report(result: bytes, reference_ids: Iterable[str]) -> list[Json]:
    validator = EntryValidator(Manifest(map(UUID, reference_ids)), ORIGIN, 2**20)
    draft_report = bytes(validator.validate(result.split(b"\n")).draft_report) + validator.list_missing()[1]
    return [json.loads(line) for line in draft_report.splitlines()]


async def test_the_report_names_every_mistake_of_the_account() -> None:
    references = load_samples()[:REFERENCE_COUNT]
    ids = [item["id"] for item in references]
    result, account = await run_robot(references)
    assert account.keys() == {mistake.name for mistake in MISTAKES} == expected_report.KINDS_BY_MISTAKE.keys()
    assert sorted(reference_id for some_ids in account.values() for reference_id in some_ids) == sorted(ids)
    report = write_report(result, ids)
    expected_report.check(expected_report.expect_from_misbehaving_robot(account), expected_report.read_report(report))
    added = sum(mistake.added * len(account[mistake.name]) for mistake in MISTAKES)
    assert sum(line["error"] is None for line in report) == added > 0


async def test_the_demo_fails_if_the_report_lacks_a_line_or_has_another() -> None:
    references = load_samples()[:REFERENCE_COUNT]
    ids = [item["id"] for item in references]
    result, account = await run_robot(references)
    expected, report = expected_report.expect_from_misbehaving_robot(account), write_report(result, ids)
    with pytest.raises(
        DemoError, match=rf"1 line\(s\), for example 'added' for reference {report[0]['reference_id']}, missing"
    ):
        expected_report.check(expected, expected_report.read_report(report[1:]))
    with pytest.raises(DemoError, match=r"1 line\(s\), for example 'Surprise' for .*, not expected"):
        expected_report.check(
            expected, expected_report.read_report([*report, {"reference_id": ids[0], "error": "Surprise"}])
        )
    incomplete = {name: some_ids for name, some_ids in account.items() if name != "not JSON"}
    with pytest.raises(DemoError, match="did not make the mistake 'not JSON'"):
        expected_report.expect_from_misbehaving_robot(incomplete)
