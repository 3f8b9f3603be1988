"""A requestor and a robot that use a release, on a running exchange."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from exchange.contract.enhancements import Abstract, Enhancement
from exchange.contract.references import EnhancementFileInput, Reference, ReferenceFileInput
from exchange.contract.reports import EntryKind
from exchange.contract.robots import BatchRobotResult, BatchRobotResultValidationEntry, LinkedRobotError
from exchange.domain.ids import new_id
from exchange.domain.report import EntryResult
from tests.e2e.exchange import BATCHES, Exchange
from tests.sdk.documents import CONTENTS, FILE_ENHANCEMENTS, IDENTIFIERS, ROBOT, Json
from tests.sdk.reading import expect_read
from tests.sdk.releases import Release
from tests.sdk.robot import SdkRobot, running_robot


@pytest.fixture
async def robot(sdk: Release, exchange: Exchange) -> AsyncIterator[SdkRobot]:
    async with running_robot(sdk, exchange) as running:
        yield running


def make_reference(sdk: Release) -> Any:
    """Return a reference with every field and unique identifiers."""
    number = new_id().int % 10**12
    values = {"doi": f"10.1234/{number}", "pm_id": number, "open_alex": f"W{number}", "other": f"文 {number}"}
    identifiers = [
        sdk.make(model, **{**fields, "identifier": values[fields["identifier_type"]]})
        for model, fields in IDENTIFIERS.items()
    ]
    enhancements = [sdk.make(EnhancementFileInput, **fields) for fields in FILE_ENHANCEMENTS]
    return sdk.make(ReferenceFileInput, identifiers=identifiers, enhancements=enhancements)


async def load_references(exchange: Exchange, sdk: Release, count: int) -> list[str]:
    """Load references from a file that the release writes. Return their ids."""
    lines = "".join(f"{make_reference(sdk).to_jsonl()}\n" for _ in range(count))
    headers = {"Content-Type": "application/jsonl", **exchange.as_role("operator")}
    async with exchange.session.post(f"{exchange.stack.api}/references/", data=lines, headers=headers) as response:
        loaded: list[Json] = [json.loads(line) for line in (await response.read()).splitlines()]
    assert [(line["error"], line["existing"]) for line in loaded] == [(None, False)] * count
    return [line["id"] for line in loaded]


async def request_batch(robot: SdkRobot, reference_ids: list[str]) -> Any:
    """Request a batch, as a requestor with the release does."""
    body = robot.sdk.make(BatchEnhancementRequestIn, robot_id=robot.robot.id, reference_ids=reference_ids)
    status, answer = await robot.exchange.post(BATCHES, body.model_dump_json().encode(), role="requestor")
    assert status == 202, answer
    read = robot.sdk.model_for(BatchEnhancementRequestRead).model_validate(answer)
    assert read.request_status == "received"
    return read


async def wait_until_ended(robot: SdkRobot, batch_id: UUID) -> Any:
    """Wait until the batch has ended, and read it as a requestor with the release does."""
    answer = await robot.exchange.wait_until_ended({"id": str(batch_id)})
    return robot.sdk.model_for(BatchEnhancementRequestRead).model_validate(answer)


def read_report(robot: SdkRobot, batch: Any) -> dict[str, str | None]:
    """Read the report with the release. Return the error of each reference."""
    entry = robot.sdk.model_for(BatchRobotResultValidationEntry)
    lines = [entry.from_jsonl(line) for line in robot.download_lines(batch.validation_result_url)]
    return {str(line.reference_id): line.error for line in lines}


def make_entry(sdk: Release, reference: Any) -> Any:
    """Return an entry with an abstract for the reference."""
    content = sdk.make(Abstract, **CONTENTS[Abstract])
    return sdk.make(Enhancement, reference_id=reference.id, source="sdk", visibility="public", content=content)


async def test_a_batch_is_requested_delivered_and_completed(robot: SdkRobot) -> None:
    sdk = robot.sdk
    reference_ids = await load_references(robot.exchange, sdk, 2)
    requested = await request_batch(robot, reference_ids)
    job = await robot.wait_for_job()
    assert job.id == requested.id
    answer = await asyncio.to_thread(
        robot.deliver, job, lambda references: [make_entry(sdk, reference) for reference in references]
    )
    assert (answer.id, answer.request_status) in [(job.id, status) for status in ("importing", "completed")]
    batch = await wait_until_ended(robot, job.id)
    assert (batch.request_status, batch.error) == ("completed", None)
    assert await asyncio.to_thread(read_report, robot, batch) == dict.fromkeys(reference_ids)
    for reference_id in reference_ids:
        (stored,) = await robot.exchange.list_enhancements(reference_id, source="sdk")
        assert stored["content"] == CONTENTS[Abstract]


async def test_a_robot_with_all_dependencies_reads_complete_references(robot: SdkRobot) -> None:
    # The release does not know the dependencies. An operator with another client sets them.
    url = f"{robot.exchange.stack.api}/robots/{robot.robot.id}/"
    fields = {**ROBOT, "name": robot.robot.name, "base_url": robot.url}
    operator = robot.exchange.as_role("operator")
    async with robot.exchange.session.put(url, json=fields, headers=operator) as response:
        assert response.status == 200
    reference_ids = await load_references(robot.exchange, robot.sdk, 2)
    await request_batch(robot, reference_ids)
    job = await robot.wait_for_job()
    sent = await asyncio.to_thread(robot.download_lines, job.reference_storage_url)
    for line in sent:
        read = robot.sdk.model_for(Reference).from_jsonl(line)
        assert read.model_dump(mode="json") == expect_read(robot.sdk, Reference, json.loads(line))
        assert {identifier.identifier_type for identifier in read.identifiers} == set(ROBOT["dependent_identifiers"])
        assert {enhancement.content.enhancement_type for enhancement in read.enhancements} == set(
            ROBOT["dependent_enhancements"]
        )
    assert {json.loads(line)["id"] for line in sent} == set(reference_ids)


async def test_a_robot_registered_with_a_release_receives_references_without_enhancements(robot: SdkRobot) -> None:
    reference_ids = await load_references(robot.exchange, robot.sdk, 1)
    await request_batch(robot, reference_ids)
    job = await robot.wait_for_job()
    (reference,) = await asyncio.to_thread(robot.download_references, job.reference_storage_url)
    assert (str(reference.id), reference.identifiers, reference.enhancements) == (reference_ids[0], [], [])


async def test_an_error_for_one_reference_ends_the_batch_as_partial_failed(robot: SdkRobot) -> None:
    def make_entries(references: list[Any]) -> list[Any]:
        error = robot.sdk.make(LinkedRobotError, reference_id=references[1].id, message="no text")
        return [make_entry(robot.sdk, references[0]), error]

    await request_batch(robot, await load_references(robot.exchange, robot.sdk, 2))
    job = await robot.wait_for_job()
    await asyncio.to_thread(robot.deliver, job, make_entries)
    batch = await wait_until_ended(robot, job.id)
    assert batch.request_status == "partial_failed"
    errors = await asyncio.to_thread(read_report, robot, batch)
    error = EntryResult(EntryKind.ROBOT_ERROR, None, "no text").error
    assert sorted(errors.values(), key=str) == [None, error]


async def test_an_error_for_the_batch_ends_it_as_failed_with_the_robots_message(robot: SdkRobot) -> None:
    await request_batch(robot, await load_references(robot.exchange, robot.sdk, 1))
    job = await robot.wait_for_job()
    answer = await asyncio.to_thread(robot.call_back, job.id, "out of tea")
    assert answer.request_status == "failed"
    batch = await wait_until_ended(robot, job.id)
    assert (batch.request_status, batch.error) == ("failed", answer.error)
    assert "out of tea" in batch.error


async def test_the_client_reads_fresh_urls(robot: SdkRobot) -> None:
    reference_ids = await load_references(robot.exchange, robot.sdk, 1)
    await request_batch(robot, reference_ids)
    job = await robot.wait_for_job()
    for path in (f"{BATCHES}{job.id}", f"{BATCHES}{job.id}/"):
        response = await asyncio.to_thread(robot.make_client().session.get, path)
        batch = robot.sdk.model_for(BatchEnhancementRequestRead).model_validate(response.raise_for_status().json())
        (reference,) = await asyncio.to_thread(robot.download_references, batch.reference_data_url)
        assert str(reference.id) == reference_ids[0]


async def test_the_client_gets_401_for_a_wrong_secret(robot: SdkRobot) -> None:
    result = robot.sdk.make(BatchRobotResult, request_id=new_id())
    with pytest.raises(robot.sdk.client.httpx.HTTPStatusError) as refused:
        await asyncio.to_thread(robot.make_client("wrong").send_batch_robot_result, result)
    assert refused.value.response.status_code == 401
    assert refused.value.response.json()["detail"]


async def test_the_client_gets_404_for_an_unknown_batch(robot: SdkRobot) -> None:
    result = robot.sdk.make(BatchRobotResult, request_id=new_id())
    with pytest.raises(robot.sdk.client.httpx.HTTPStatusError) as refused:
        await asyncio.to_thread(robot.make_client().send_batch_robot_result, result)
    assert refused.value.response.status_code == 404
