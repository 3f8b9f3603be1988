"""Uploads, callbacks and answers in different orders, repeated or missing."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from azure.storage.blob.aio import ContainerClient

from exchange.domain.blob_names import BATCHES
from tests.e2e.exchange import Batch, Exchange, wait_for
from tests.e2e.robot import Job, Robot, accept_job, running_robot
from tests.e2e.test_flows import deliver, make_entries
from tests.results import annotation


async def list_labels(exchange: Exchange, reference_id: str) -> list[str]:
    stored = await exchange.list_enhancements(reference_id)
    return sorted(item["content"]["annotations"][0]["label"] for item in stored)


async def send_job(exchange: Exchange, robot: Robot, references: list[str]) -> tuple[Batch, Job]:
    """Request a batch and wait until the robot has accepted it. Return the batch request and the job."""
    batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
    batch = await exchange.wait_until(batch, {"accepted"})
    return batch, robot.jobs[-1]


async def test_a_callback_before_the_upload_gets_409_and_succeeds_after_it(exchange: Exchange) -> None:
    references = await exchange.load_references(2, start=100)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, references)
        status, problem = await robot.call_back(job)
        assert status == 409
        assert "does not exist yet" in problem["detail"]
        assert (await exchange.read(batch))["request_status"] == "accepted"
        await robot.upload(job, *make_entries(references))
        status, body = await robot.call_back(job)
        assert (status, body["id"]) == (200, batch["id"])
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"


async def test_the_last_upload_before_the_callback_counts(exchange: Exchange) -> None:
    (reference,) = await exchange.load_references(1, start=104)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, [reference])
        for label in ("first", "second", "third"):
            await robot.upload(job, annotation(reference, label))
        await robot.call_back(job)
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
    assert await list_labels(exchange, reference) == ["third"]


async def test_replaced_uploads_leave_the_blobs_of_one_validation(exchange: Exchange) -> None:
    (reference,) = await exchange.load_references(1, start=105)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, [reference])
        for number in range(5):
            await robot.upload(job, annotation(reference, f"upload {number}"))
            # Long enough for the blob event and the validation.
            await asyncio.sleep(0.6)
        await robot.call_back(job)
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
    assert await list_labels(exchange, reference) == ["upload 4"]
    async with ContainerClient.from_connection_string(exchange.stack.settings["DATA_STORAGE"], BATCHES) as blobs:
        names = [blob.name.split("/") async for blob in blobs.list_blobs(name_starts_with=batch["id"])]
    assert sorted(name for _, *attempt, name in names if attempt) == [
        "accepted_enhancements.jsonl",
        "draft_report.jsonl",
        "reference_data.jsonl",
        # The client sends an Idempotency-Key, and the request is kept to compare repeated ones with it.
        "request.json",
        "validation.jsonl",
        "validation.txt",
    ]


async def test_repeated_callbacks_and_uploads_after_the_end_change_nothing(exchange: Exchange) -> None:
    (reference,) = await exchange.load_references(1, start=106)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, [reference])
        await robot.upload(job, annotation(reference, "in time"))
        assert (await robot.call_back(job))[0] == 200
        assert (await robot.call_back(job))[0] == 200
        ended = await exchange.wait_until_ended(batch)
        report = await exchange.read_report(ended)
        await robot.upload(job, annotation(reference, "too late"))
        assert (await robot.call_back(job))[0] == 200
        assert (await robot.call_back(job, error="changed my mind"))[0] == 409
        log = "nothing to validate"
        await wait_for(lambda: found_in_log(exchange, f"batch {batch['id']}: {log}"), log)
        after = await exchange.read(batch)
        assert (after["request_status"], await exchange.read_report(after)) == ("completed", report)
    assert await list_labels(exchange, reference) == ["in time"]


async def found_in_log(exchange: Exchange, words: str) -> bool | None:
    return True if words in exchange.stack.log("host") else None


async def test_a_robot_may_deliver_before_it_answers_the_call(exchange: Exchange) -> None:
    references = await exchange.load_references(2, start=108)
    answered = asyncio.Event()

    async def deliver_then_fail(robot: Robot, job: Job) -> web.Response:
        await deliver(robot, job, *make_entries(references))
        await exchange.wait_until_ended({"id": job["id"]})
        answered.set()
        return web.Response(status=500)

    async with running_robot(exchange, deliver_then_fail) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
        await answered.wait()
        assert (await exchange.read(batch))["request_status"] == "completed"
        assert len(robot.jobs) == 1


async def test_409_after_a_timeout_counts_as_accepted(exchange: Exchange) -> None:
    references = await exchange.load_references(2, start=110)

    async def time_out_then_answer_409(robot: Robot, _job: Job) -> web.Response:
        if len(robot.jobs) == 1:
            await asyncio.Event().wait()
        return web.json_response({"detail": "I have it."}, status=409)

    async with running_robot(exchange, time_out_then_answer_409) as robot:
        batch, job = await send_job(exchange, robot, references)
        assert len(robot.jobs) == 2
        assert job["id"] == robot.jobs[0]["id"]
        await robot.upload(job, *make_entries(references))
        await robot.call_back(job)
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"


async def test_one_upload_is_imported_when_it_is_replaced_around_the_callback(exchange: Exchange) -> None:
    reference, other = await exchange.load_references(2, start=112)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, [reference])
        await robot.upload(job, annotation(reference, "old"))
        await robot.upload(job, annotation(reference, "replaced before"))
        await robot.call_back(job)
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
        assert await list_labels(exchange, reference) == ["replaced before"]

        batch, job = await send_job(exchange, robot, [other])
        await robot.upload(job, annotation(other, "before"))
        await robot.call_back(job)
        await robot.upload(job, annotation(other, "after"))
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
    # Only the upload that was current when the import began is imported.
    assert await list_labels(exchange, other) in (["before"], ["after"])


@pytest.mark.parametrize("padding", [0, 10_000], ids=["small", "large"])
async def test_a_batch_completes_without_a_blob_event_and_without_the_sweep(eventless: Exchange, padding: int) -> None:
    references = await eventless.load_references(3, start=120)
    async with running_robot(eventless, accept_job) as robot:
        batch, job = await send_job(eventless, robot, references)
        await robot.upload(job, *make_entries(references), b" " * padding)
        assert (await robot.call_back(job))[1]["request_status"] == "importing"
        ended = await eventless.wait_until_ended(batch)
        assert ended["request_status"] == "completed"
        assert len(await eventless.read_report(ended)) == 3
    assert f"batch {batch['id']}: swept" not in eventless.stack.log("host")


async def test_an_upload_is_validated_once_by_its_blob_event_or_by_the_import(
    exchange_once_and_twice: Exchange,
) -> None:
    exchange = exchange_once_and_twice
    references = await exchange.load_references(3, start=134)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, references)
        await robot.upload(job, *make_entries(references))
        await robot.call_back(job)
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
    words = f"batch {batch['id']}: nothing to validate"
    await wait_for(lambda: found_in_log(exchange, words), words)
    assert exchange.stack.log("host").count(f"batch {batch['id']}: validated") == 1


async def test_a_batch_completes_without_a_blob_event_and_without_a_callback(eventless: Exchange) -> None:
    references = await eventless.load_references(1, start=124)
    async with running_robot(eventless, accept_job) as robot:
        batch, job = await send_job(eventless, robot, references)
        await robot.upload(job, *make_entries(references))
        assert (await eventless.wait_until_ended(batch))["request_status"] == "completed"


async def test_an_upload_without_a_callback_is_imported_after_a_while(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=126)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, references)
        await robot.upload(job, *make_entries(references))
        assert (await exchange.wait_until_ended(batch))["request_status"] == "completed"
        assert (await robot.call_back(job))[0] == 200, "a late callback is accepted"


async def test_repeating_every_event_adds_nothing(twice: Exchange) -> None:
    (reference,) = await twice.load_references(1, start=130)

    async def deliver_twice(robot: Robot, job: Job) -> web.Response:
        entries: list[Any] = [annotation(reference, "a"), annotation(reference, "b")]
        for _ in range(2):
            await robot.upload(job, *entries)
        for _ in range(2):
            assert (await robot.call_back(job))[0] == 200
        return web.Response(status=202)

    async with running_robot(twice, deliver_twice) as robot:
        batch = await twice.request_batch(await twice.register_robot(robot.url), [reference])
        assert (await twice.wait_until_ended(batch))["request_status"] == "completed"
        assert len(robot.jobs) == 1, "the robot is called once, although the message was delivered twice"
    assert await list_labels(twice, reference) == ["a", "b"]
