"""A requestor and a robot that use a release of the present protocol, on a running exchange."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.enhancements import Abstract
from exchange.contract.robots import BatchRobotResultValidationEntry, LinkedRobotError
from exchange.contract.v1.requests import EnhancementRequestIn, EnhancementRequestRead
from exchange.contract.v1.robots import PullRobot
from exchange.domain.ids import new_id
from tests.e2e.exchange import Exchange, wait_for
from tests.sdk.documents import CONTENTS, ROBOT
from tests.sdk.releases import Release
from tests.sdk.v1.robot import FetchingRobot
from tests.sdk.v1.writing import make_entry

REQUESTS = "/v1/enhancement-requests/"
ENDED = {"completed", "partial_failed", "failed"}


@pytest.fixture
async def robot(sdk: Release, exchange: Exchange) -> FetchingRobot:
    registered = FetchingRobot(sdk, exchange)
    await registered.register()
    return registered


async def request(robot: FetchingRobot, reference_ids: list[str]) -> Any:
    """Request enhancements, as a requestor with the release does."""
    body = robot.sdk.make(EnhancementRequestIn, robot_id=robot.robot.id, reference_ids=reference_ids, source="sdk")
    status, answer = await robot.exchange.post(REQUESTS, body.model_dump_json().encode(), role="requestor")
    assert status == 202, answer
    return robot.sdk.model_for(EnhancementRequestRead).model_validate(answer)


async def read(robot: FetchingRobot, request_id: UUID) -> Any:
    """Read the request, as its requestor with the release does."""
    url, headers = f"{robot.exchange.stack.api}{REQUESTS}{request_id}/", robot.exchange.as_role("requestor")
    async with robot.exchange.session.get(url, headers=headers) as response:
        assert response.status == 200
        return robot.sdk.model_for(EnhancementRequestRead).model_validate(await response.json())


async def wait_until_ended(robot: FetchingRobot, request_id: UUID) -> Any:
    async def read_if_ended() -> Any:
        found = await read(robot, request_id)
        return found if found.request_status in ENDED else None

    return await wait_for(read_if_ended, f"the request {request_id} to end")


async def read_errors(robot: FetchingRobot, found: Any) -> dict[str, str | None]:
    """Read the report with the release. Return the error of each reference."""
    entry = robot.sdk.model_for(BatchRobotResultValidationEntry)
    lines = await robot.exchange.download_lines(str(found.validation_result_url))
    return {str(line.reference_id): line.error for line in map(entry.from_jsonl, lines)}


def make_entries(robot: FetchingRobot, references: list[Any]) -> list[Any]:
    """Return an abstract for each reference."""
    fields = {"source": f"sdk {robot.sdk.version}", "visibility": "public", "content": CONTENTS[Abstract]}
    return [make_entry(robot.sdk, {**fields, "reference_id": str(reference.id)}) for reference in references]


async def test_a_robot_fetches_parts_and_the_request_is_completed(robot: FetchingRobot) -> None:
    reference_ids = await robot.exchange.load_references(5)
    requested = await request(robot, reference_ids)
    assert (requested.request_status, list(map(str, requested.reference_ids))) == ("received", reference_ids)
    given = []
    while (job := await asyncio.to_thread(robot.fetch, 2)) is not None:
        references = await asyncio.to_thread(robot.download_references, job)
        given.append(len(references))
        # The references have everything that the exchange has, because the robot cannot name what it depends on.
        assert all(reference.identifiers and reference.enhancements for reference in references)
        if robot.leases:
            await asyncio.to_thread(robot.renew, job, "PT20M")
        assert (await read(robot, requested.id)).request_status == "processing"
        answer = await asyncio.to_thread(robot.deliver, job, lambda found: make_entries(robot, found))
        assert (answer.id, answer.robot_id, answer.error) == (job.id, robot.robot.id, None)
    assert sorted(given) == [1, 2, 2]
    found = await wait_until_ended(robot, requested.id)
    assert (found.request_status, found.error) == ("completed", None)
    assert await read_errors(robot, found) == dict.fromkeys(reference_ids)
    for reference_id in reference_ids:
        (stored,) = await robot.exchange.list_enhancements(reference_id, source=f"sdk {robot.sdk.version}")
        assert stored["content"] == CONTENTS[Abstract]


async def test_an_error_for_a_reference_and_an_unsupported_entry_fail_for_themselves(robot: FetchingRobot) -> None:
    def make_some(references: list[Any]) -> list[Any]:
        error = robot.sdk.make(LinkedRobotError, reference_id=references[1].id, message="no text")
        made = make_entries(robot, [references[0], references[2]])
        return [made[0], error, Unsupported(made[1])]

    reference_ids = await robot.exchange.load_references(3)
    requested = await request(robot, reference_ids)
    job = await asyncio.to_thread(robot.fetch)
    await asyncio.to_thread(robot.deliver, job, make_some)
    found = await wait_until_ended(robot, requested.id)
    assert found.request_status == "partial_failed"
    errors = sorted(str(error) for error in (await read_errors(robot, found)).values())
    assert errors[0].startswith("Could not be read: content: the enhancement_type 'raw' is not supported here.")
    assert errors[1:] == ["None", "The robot reported: no text"]


class Unsupported:
    """An entry of a type that only newer releases have."""

    def __init__(self, entry: Any) -> None:
        self._entry = entry

    def to_jsonl(self) -> str:
        line: str = self._entry.to_jsonl()
        return line.replace('"enhancement_type":"abstract"', '"enhancement_type":"raw"')


async def test_an_error_for_the_job_fails_its_references(robot: FetchingRobot) -> None:
    requested = await request(robot, await robot.exchange.load_references(1))
    job = await asyncio.to_thread(robot.fetch)
    answer = await asyncio.to_thread(robot.report, job.id, "out of tea")
    assert "out of tea" in answer.error
    assert (await wait_until_ended(robot, requested.id)).request_status == "failed"


async def test_without_work_there_is_no_job(robot: FetchingRobot) -> None:
    assert await asyncio.to_thread(robot.fetch) is None


async def test_a_job_that_was_given_back_is_fetched_again(robot: FetchingRobot) -> None:
    if not robot.leases:
        assert not hasattr(robot.make_client(), "renew_robot_enhancement_batch_lease")
        return
    await request(robot, await robot.exchange.load_references(2))
    job = await asyncio.to_thread(robot.fetch)
    await asyncio.to_thread(robot.renew, job, "PT0S")
    again = await asyncio.to_thread(robot.fetch)
    assert again.id != job.id
    with pytest.raises(robot.sdk.client.httpx.HTTPStatusError) as refused:
        await asyncio.to_thread(robot.renew, job)
    assert refused.value.response.status_code == 409


async def test_the_client_gets_401_for_a_wrong_secret_and_404_for_an_unknown_job(robot: FetchingRobot) -> None:
    for client, status in ((robot.make_client("wrong"), 401), (robot.make_client(), 404)):
        result = robot.sdk.robots.RobotEnhancementBatchResult(request_id=new_id())
        with pytest.raises(robot.sdk.client.httpx.HTTPStatusError) as refused:
            await asyncio.to_thread(client.send_robot_enhancement_batch_result, result)
        assert refused.value.response.status_code == status
        assert refused.value.response.json()["detail"]


async def test_the_registration_is_read_and_replaced(robot: FetchingRobot) -> None:
    exchange, model = robot.exchange, robot.sdk.model_for(PullRobot)
    url, operator = f"{exchange.stack.api}/v1/robots/{robot.robot.id}/", exchange.as_role("operator")
    async with exchange.session.get(url, headers=operator) as response:
        registered = model.model_validate(await response.json())
    sent = registered.model_copy(update={"description": ROBOT["owner"]}).model_dump(mode="json", exclude={"id"})
    async with exchange.session.put(url, json=sent, headers=operator) as response:
        replaced = model.model_validate(await response.json())
    assert (response.status, replaced.id, replaced.description) == (200, robot.robot.id, ROBOT["owner"])
    async with exchange.session.post(f"{url}secret/", headers=operator) as response:
        provisioned = await response.json()
    assert response.status == 201
    assert provisioned["client_secret"] != robot.robot.client_secret
