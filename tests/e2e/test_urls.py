"""The data that a robot receives, and the access that its signed URLs allow."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from tests.e2e.exchange import BATCHES, SAMPLES, Exchange
from tests.e2e.robot import Job, Robot, accept_job, running_robot
from tests.e2e.test_order_of_events import send_job
from tests.results import annotation


async def test_a_robot_receives_the_types_it_depends_on_as_of_the_dispatch(exchange: Exchange) -> None:
    references = await exchange.load_references(8, start=200)
    samples = [json.loads(line) for line in SAMPLES.read_bytes().splitlines()[200:208]]
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url, dependent_enhancements=["abstract"])
        batch = await exchange.wait_until(await exchange.request_batch(robot_id, references), {"accepted"})
        received = await robot.download_references(robot.jobs[-1])
        for reference, sample in zip(references, samples, strict=True):
            (item,) = [item for item in received if item["id"] == reference]
            assert item["identifiers"] == []
            assert [enhancement["content"] for enhancement in item["enhancements"]] == list_contents(sample, "abstract")
        # When another robot adds an abstract, the data of the first robot does not change.
        await add_abstract(exchange, references[0])
        fresh = await exchange.read_as_robot(batch, robot.credentials[batch["id"]])
        assert await robot.download_references({"reference_storage_url": fresh["reference_data_url"]}) == received
        await exchange.wait_until(await exchange.request_batch(robot_id, references[:1]), {"accepted"})
        current = await robot.download_references(robot.jobs[-1])
        assert len(current[0]["enhancements"]) == 1 + len(list_contents(samples[0], "abstract"))


def list_contents(sample: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item["content"] for item in sample["enhancements"] if item["enhancement_type"] == kind]


async def add_abstract(exchange: Exchange, reference: str) -> None:
    content = {"enhancement_type": "abstract", "process": "other", "abstract": "another abstract"}
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, [reference])
        await robot.upload(job, {**annotation(reference), "content": content})
        await robot.call_back(job)
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"


async def test_only_robots_that_depend_on_identifiers_receive_them(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=210)
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url, dependent_identifiers=["other"])
        await exchange.wait_until(await exchange.request_batch(robot_id, references), {"accepted"})
        (item,) = await robot.download_references(robot.jobs[-1])
    sample = json.loads(SAMPLES.read_bytes().splitlines()[210])
    assert (item["identifiers"], item["enhancements"]) == (sample["identifiers"], [])


async def test_expired_urls_are_refused_and_fresh_ones_work(eventless: Exchange) -> None:
    references = await eventless.load_references(1, start=212)
    async with running_robot(eventless, accept_job) as robot:
        batch, job = await send_job(eventless, robot, references)
        await asyncio.sleep(3)  # URLs are valid for two seconds on this stack
        assert await robot.upload(job, annotation(references[0])) == 403
        async with robot.session.get(job["reference_storage_url"]) as response:
            assert response.status == 403
        fresh = await eventless.read_as_robot(batch, robot.credentials[batch["id"]])
        assert await robot.download_references({"reference_storage_url": fresh["reference_data_url"]})
        assert await robot.put(fresh["result_storage_url"], b"") == 201


async def test_a_signed_url_gives_no_access_to_blobs_of_other_batches(exchange: Exchange) -> None:
    references = await exchange.load_references(2, start=214)
    async with running_robot(exchange, accept_job) as robot, aiohttp.ClientSession() as session:
        (first, job), (second, other_job) = [await send_job(exchange, robot, [item]) for item in references]
        # The paths of the other job with the signatures of this one.
        for name in ("reference_storage_url", "result_storage_url"):
            url = other_job[name].partition("?")[0] + "?" + job[name].partition("?")[2]
            async with session.get(url) as response:
                assert response.status == 403
            assert await robot.put(url, b"x") == 403
        assert await robot.put(job["reference_storage_url"], b"x") == 403, "a robot cannot change the references"
        assert first["id"] != second["id"]


async def test_the_urls_of_a_job_are_returned_to_its_robot_only(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=216)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, references)
        as_requestor = await exchange.read(batch)
        assert (as_requestor["reference_data_url"], as_requestor["result_storage_url"]) == (None, None)
        url = f"{exchange.stack.api}/references/enhancement/batch/{batch['id']}"
        async with exchange.session.get(url, headers=exchange.as_role("operator")) as response:
            as_operator = await response.json()
        assert as_operator["reference_data_url"].partition("?")[0] == job["reference_storage_url"].partition("?")[0]
        assert as_operator["result_storage_url"] is None
        as_robot = await exchange.read_as_robot(batch, robot.credentials[batch["id"]])
        assert as_robot["result_storage_url"].partition("?")[0] == job["result_storage_url"].partition("?")[0]


async def test_a_requestor_cannot_request_hidden_references(exchange: Exchange) -> None:
    identifier = {"identifier_type": "other", "identifier": str(uuid4()), "other_identifier_name": "test"}
    status, hidden = await exchange.post("/references/", {"visibility": "hidden", "identifiers": [identifier]})
    assert status == 201
    async with running_robot(exchange, accept_job) as robot:
        request = {"robot_id": await exchange.register_robot(robot.url), "reference_ids": [hidden["id"]]}
        status, problem = await exchange.post(BATCHES, request, role="requestor")
        assert (status, hidden["id"] in problem["detail"]) == (404, True)
        assert (await exchange.post(BATCHES, request, role="operator"))[0] == 202


async def test_the_signature_of_a_url_is_removed_from_a_robots_message(exchange: Exchange) -> None:
    async def quote_url(_robot: Robot, job: Job) -> web.Response:
        return web.json_response({"detail": f"cannot read {job['result_storage_url']}"}, status=422)

    async with running_robot(exchange, quote_url) as robot:
        batch = await exchange.request_batch(
            await exchange.register_robot(robot.url), await exchange.load_references(1, start=218)
        )
        ended = await exchange.wait_until_ended(batch)
        assert ended["request_status"] == "rejected"
        assert "sig=…" in ended["error"]
        assert robot.jobs[0]["result_storage_url"].rpartition("sig=")[2].partition("&")[0] not in ended["error"]
