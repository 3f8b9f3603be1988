"""What a robot gets, and what its URLs open."""

import asyncio
import json
from typing import Any

import aiohttp
from aiohttp import web

from tests.e2e.exchange import BATCHES, SAMPLES, Exchange
from tests.e2e.robot import Order, Robot, running_robot, takes_it
from tests.e2e.test_order_of_events import taken
from tests.results import annotation


async def test_the_robot_sees_what_it_depends_on_as_it_was_at_dispatch(exchange: Exchange) -> None:
    references = await exchange.load(8, start=200)
    samples = [json.loads(line) for line in SAMPLES.read_bytes().splitlines()[200:208]]
    async with running_robot(exchange, takes_it) as robot:
        robot_id = await exchange.register_robot(robot.url, dependent_enhancements=["abstract"])
        batch = await exchange.until(await exchange.request(robot_id, references), {"accepted"})
        seen = await robot.references(robot.orders[-1])
        for reference, sample in zip(references, samples, strict=True):
            (given,) = [item for item in seen if item["id"] == reference]
            assert given["identifiers"] == []
            assert [item["content"] for item in given["enhancements"]] == contents(sample, "abstract")
        # Another robot adds an abstract to the first of them: the first robot's data stays as it was.
        await add_abstract(exchange, references[0])
        fresh = await exchange.read_as_robot(batch, robot.asked_as[batch["id"]])
        assert await robot.references({"reference_storage_url": fresh["reference_data_url"]}) == seen
        await exchange.until(await exchange.request(robot_id, references[:1]), {"accepted"})
        now = await robot.references(robot.orders[-1])
        assert len(now[0]["enhancements"]) == 1 + len(contents(samples[0], "abstract"))


def contents(sample: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item["content"] for item in sample["enhancements"] if item["enhancement_type"] == kind]


async def add_abstract(exchange: Exchange, reference: str) -> None:
    content = {"enhancement_type": "abstract", "process": "other", "abstract": "found elsewhere"}
    async with running_robot(exchange, takes_it) as robot:
        batch, order = await taken(exchange, robot, [reference])
        await robot.upload(order, {**annotation(reference), "content": content})
        await robot.call_back(order)
        assert (await exchange.ended(batch))["request_status"] == "completed"


async def test_identifiers_come_only_to_those_who_depend_on_them(exchange: Exchange) -> None:
    references = await exchange.load(1, start=210)
    async with running_robot(exchange, takes_it) as robot:
        robot_id = await exchange.register_robot(robot.url, dependent_identifiers=["other"])
        await exchange.until(await exchange.request(robot_id, references), {"accepted"})
        (given,) = await robot.references(robot.orders[-1])
    sample = json.loads(SAMPLES.read_bytes().splitlines()[210])
    assert (given["identifiers"], given["enhancements"]) == (sample["identifiers"], [])


async def test_expired_urls_open_nothing_and_fresh_ones_do(eventless: Exchange) -> None:
    references = await eventless.load(1, start=212)
    async with running_robot(eventless, takes_it) as robot:
        batch, order = await taken(eventless, robot, references)
        await asyncio.sleep(3)  # URLs live for two seconds on this stack
        assert await robot.upload(order, annotation(references[0])) == 403
        async with robot.session.get(order["reference_storage_url"]) as response:
            assert response.status == 403
        fresh = await eventless.read_as_robot(batch, robot.asked_as[batch["id"]])
        assert await robot.references({"reference_storage_url": fresh["reference_data_url"]})
        assert await robot.put(fresh["result_storage_url"], b"") == 201


async def test_no_url_opens_another_batchs_blobs(exchange: Exchange) -> None:
    references = await exchange.load(2, start=214)
    async with running_robot(exchange, takes_it) as robot, aiohttp.ClientSession() as session:
        (first, mine), (second, theirs) = [await taken(exchange, robot, [item]) for item in references]
        # The paths of the other batch with the signature of mine.
        for name in ("reference_storage_url", "result_storage_url"):
            url = theirs[name].partition("?")[0] + "?" + mine[name].partition("?")[2]
            async with session.get(url) as response:
                assert response.status == 403
            assert await robot.put(url, b"x") == 403
        assert await robot.put(mine["reference_storage_url"], b"x") == 403, "what I was given can't be changed"
        assert first["id"] != second["id"]


async def test_a_robots_urls_are_for_the_robot_alone(exchange: Exchange) -> None:
    references = await exchange.load(1, start=216)
    async with running_robot(exchange, takes_it) as robot:
        batch, order = await taken(exchange, robot, references)
        as_requestor = await exchange.read(batch)
        assert (as_requestor["reference_data_url"], as_requestor["result_storage_url"]) == (None, None)
        url = f"{exchange.stack.api}/references/enhancement/batch/{batch['id']}"
        async with exchange.session.get(url, headers=exchange.as_role("operator")) as response:
            as_operator = await response.json()
        assert as_operator["reference_data_url"].partition("?")[0] == order["reference_storage_url"].partition("?")[0]
        assert as_operator["result_storage_url"] is None
        as_robot = await exchange.read_as_robot(batch, robot.asked_as[batch["id"]])
        assert as_robot["result_storage_url"].partition("?")[0] == order["result_storage_url"].partition("?")[0]


async def test_what_is_hidden_can_not_be_requested_by_who_may_not_see_it(exchange: Exchange) -> None:
    status, hidden = await exchange.post("/references/", {"visibility": "hidden"})
    assert status == 201
    async with running_robot(exchange, takes_it) as robot:
        order = {"robot_id": await exchange.register_robot(robot.url), "reference_ids": [hidden["id"]]}
        status, problem = await exchange.post(BATCHES, order, role="requestor")
        assert (status, hidden["id"] in problem["detail"]) == (404, True)
        assert (await exchange.post(BATCHES, order, role="operator"))[0] == 202


async def test_a_signed_url_that_a_robot_quotes_is_not_kept(exchange: Exchange) -> None:
    async def quotes(_robot: Robot, order: Order) -> web.Response:
        return web.json_response({"detail": f"can't read {order['result_storage_url']}"}, status=422)

    async with running_robot(exchange, quotes) as robot:
        batch = await exchange.request(await exchange.register_robot(robot.url), await exchange.load(1, start=218))
        ended = await exchange.ended(batch)
        assert ended["request_status"] == "rejected"
        assert "sig=…" in ended["error"]
        assert robot.orders[0]["result_storage_url"].rpartition("sig=")[2].partition("&")[0] not in ended["error"]
