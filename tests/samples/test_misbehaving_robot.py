"""What the misbehaving robot says it did, against what it delivered, as the exchange's own check reads it."""

import json
from collections.abc import Iterable
from uuid import UUID

import aiohttp
import pytest

from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest
from local.demo import expected
from local.demo.requestor import DemoError
from samples.misbehaving_robot.misdeeds import MISDEEDS
from samples.misbehaving_robot.robot import MisbehavingRobot
from samples.robot.wire import Exchange
from tests.samples.references import Json, given
from tests.samples.stand_in import CREDENTIALS, jsonl, serving, stand_in

COUNT = 60


async def misbehave(references: list[Json]) -> tuple[bytes, dict[str, list[str]]]:
    """Give the result that it delivers, and its account."""
    async with stand_in(jsonl(*references)) as exchange, aiohttp.ClientSession() as session:
        robot = MisbehavingRobot(Exchange(exchange.url, CREDENTIALS, session))
        async with serving(robot.app()) as exchange.robot_url:
            assert await exchange.ask() == 202
            assert (await exchange.called_back())["error"] is None
            async with session.get(f"{exchange.robot_url}/account") as response:
                return exchange.result, await response.json()


def report_on(result: bytes, reference_ids: Iterable[str]) -> list[Json]:
    validator = EntryValidator(Manifest(map(UUID, reference_ids)), 2**20)
    verdicts = bytes(validator.validate(result.split(b"\n")).draft_report) + validator.list_missing()[1]
    return [json.loads(line) for line in verdicts.splitlines()]


async def test_its_account_is_what_its_file_holds() -> None:
    references = given()[:COUNT]
    ids = [item["id"] for item in references]
    result, account = await misbehave(references)
    assert account.keys() == {misdeed.name for misdeed in MISDEEDS} == expected.NAMED.keys()
    assert sorted(item for done in account.values() for item in done) == sorted(ids)
    report = report_on(result, ids)
    expected.check(expected.of_second_act(account), expected.statements(report))
    added = sum(misdeed.added * len(account[misdeed.name]) for misdeed in MISDEEDS)
    assert sum(line["error"] is None for line in report) == added > 0


async def test_a_report_that_leaves_something_out_or_makes_it_up_is_told() -> None:
    references = given()[:COUNT]
    ids = [item["id"] for item in references]
    result, account = await misbehave(references)
    wanted, report = expected.of_second_act(account), report_on(result, ids)
    with pytest.raises(DemoError, match=rf"lacks 1 line\(s\), as 'added' of reference {report[0]['reference_id']}"):
        expected.check(wanted, expected.statements(report[1:]))
    with pytest.raises(DemoError, match=r"should not have 1 line\(s\), as 'Surprise'"):
        expected.check(wanted, expected.statements([*report, {"reference_id": ids[0], "error": "Surprise"}]))
    lame = {name: done for name, done in account.items() if name != "not JSON"}
    with pytest.raises(DemoError, match="should have tried 'not JSON'"):
        expected.of_second_act(lame)
