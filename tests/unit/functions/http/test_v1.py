"""The endpoints of the present protocol, on fakes: who may call them, their statuses and their headers."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import azure.functions as func
import pytest

from exchange.contract.v1.robots import PullRobotIn
from exchange.domain.ids import new_id
from exchange.domain.signatures import make_signed_headers
from exchange.use_cases.manage_robots import register_pull_robot
from functions.http import register
from functions.http.endpoints import group_by_path
from functions.http.responses import respond
from tests.results import annotation
from tests.unit.functions.http.conftest import make_request
from tests.unit.use_cases.conftest import REQUESTOR, Exchange

assert register.ENDPOINTS
PATHS = group_by_path()
JOBS, REQUESTS = "v1/robot-enhancement-batches", "v1/enhancement-requests"
ID = "{batch_request_id}"
MINUTE = 60


class V1(Exchange):
    """The fakes, with a robot that fetches its jobs."""

    secret: str

    async def start(self, references: int = 5) -> None:
        await self.populate(references)
        registered = await register_pull_robot(PullRobotIn(name="f", description="d", owner="o"), self.services)
        self.robot, self.secret = registered, registered.client_secret

    async def call(
        self,
        method: str,
        path: str,
        *,
        batch_id: str = "",
        body: Any = None,
        token: str = "",
        **params: str,
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Call as the robot, or with a token. Return status, body and headers."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = make_signed_headers(self.secret, content, self.robot.id, self.clock())
        request = make_request(
            content,
            method=method,
            headers={"authorization": f"Bearer {token}"} if token else {k.lower(): v for k, v in headers.items()},
            params=params,
            route_params={"batch_request_id": batch_id},
        )
        response: func.HttpResponse = await respond(PATHS[path], request, lambda: self.services)
        answer = response.get_body()
        return response.status_code, json.loads(answer) if answer else None, response.headers

    async def fetch(self, path: str = JOBS, **params: str) -> tuple[int, Any, Mapping[str, str]]:
        return await self.call("POST", path, **{"robot_id": str(self.robot.id), **params})

    async def fetch_job(self, **params: str) -> dict[str, Any]:
        status, job, _ = await self.fetch(**params)
        assert status == 200, job
        found: dict[str, Any] = job
        return found

    async def report(self, job: Mapping[str, Any], error: str | None = None) -> tuple[int, Any]:
        body = {"request_id": job["id"], "error": {"message": error} if error else None}
        status, answer, _ = await self.call("POST", f"{JOBS}/{ID}/results", batch_id=job["id"], body=body)
        return status, answer

    async def renew(self, job: Mapping[str, Any], method: str = "PATCH", **params: str) -> tuple[int, Any]:
        status, answer, _ = await self.call(method, f"{JOBS}/{ID}/renew-lease", batch_id=job["id"], **params)
        return status, answer

    async def upload_all(self, job: Mapping[str, Any]) -> None:
        await self.upload(UUID(job["id"]), *map(annotation, self.reference_ids))


@pytest.fixture
async def exchange() -> V1:
    started = V1()
    await started.start()
    return started


@pytest.mark.parametrize("path", [JOBS, "v1/robot-enhancement-batch"])
async def test_a_job_is_fetched_read_and_delivered(exchange: V1, path: str) -> None:
    await exchange.register()
    status, job, _ = await exchange.fetch(path)
    assert status == 200
    assert set(job) == {"id", "reference_storage_url", "result_storage_url", "extra_fields"}
    status, again, _ = await exchange.call("GET", f"{path}/{ID}", batch_id=job["id"])
    assert (status, again["id"], set(again)) == (200, job["id"], set(job))
    await exchange.upload_all(job)
    body = {"request_id": job["id"], "error": None}
    status, read, _ = await exchange.call("POST", f"{path}/{ID}/results", batch_id=job["id"], body=body)
    assert (status, read["id"], read["robot_id"]) == (202, job["id"], str(exchange.robot.id))
    assert "request_status" not in read


async def test_without_work_a_fetch_gets_204_and_a_time_to_wait(exchange: V1) -> None:
    status, body, headers = await exchange.fetch()
    assert (status, body, headers["Retry-After"]) == (204, None, "10")


async def test_a_robot_fetches_for_itself_only(exchange: V1) -> None:
    await exchange.register()
    status, problem, _ = await exchange.fetch(robot_id=str(new_id()))
    assert (status, problem["detail"]) == (403, "robot_id must be the id of the robot that signed the request.")


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({"limit": "0"}, "limit: "),
        ({"limit": "x"}, "limit: "),
        ({"lease": "600"}, "lease: must be an ISO 8601 duration"),
        ({"lease": "PT0S"}, "lease: "),
        ({"lease": "PT25H"}, "lease: "),
        ({"robot_id": "x"}, "robot_id: "),
        ({"leese": "PT1M"}, "The query parameter 'leese' does not exist."),
    ],
)
async def test_a_wrong_parameter_of_a_fetch_gets_422(exchange: V1, params: dict[str, str], fault: str) -> None:
    status, problem, _ = await exchange.fetch(**params)
    assert status == 422
    assert problem["detail"].startswith(fault)


async def test_a_job_has_at_most_as_many_references_as_the_limit(exchange: V1) -> None:
    await exchange.register()
    first = await exchange.fetch_job(limit="2")
    # A limit beyond the largest one counts as that.
    second = await exchange.fetch_job(limit="20000")
    counts = [exchange.get_batch(UUID(job["id"])).reference_count for job in (first, second)]
    assert counts == [2, 3]
    assert (await exchange.fetch())[0] == 204


async def test_a_lease_ends_after_its_time_and_ten_minutes_by_default(exchange: V1) -> None:
    await exchange.register()
    await exchange.fetch_job(limit="2")
    await exchange.fetch_job(limit="3", lease="PT20M")
    for minutes, work in ((9, 204), (2, 200), (8, 204), (2, 200)):
        exchange.clock.now += minutes * MINUTE
        status, _, _ = await exchange.fetch(lease="PT24H")
        assert status == work


async def test_a_renewed_lease_is_counted_from_now(exchange: V1) -> None:
    await exchange.register()
    job = await exchange.fetch_job()
    exchange.clock.now += 9 * MINUTE
    status, expiry = await exchange.renew(job, lease="PT30M")
    assert (status, datetime.fromisoformat(expiry).timestamp()) == (200, exchange.clock.now + 30 * MINUTE)
    exchange.clock.now += 29 * MINUTE
    assert (await exchange.fetch())[0] == 204
    status, expiry = await exchange.renew(job, "POST")
    assert (status, datetime.fromisoformat(expiry).timestamp()) == (200, exchange.clock.now + 10 * MINUTE)


async def test_a_lease_of_no_time_gives_the_job_back(exchange: V1) -> None:
    await exchange.register()
    job = await exchange.fetch_job()
    assert (await exchange.renew(job, lease="PT0S"))[0] == 200
    assert (await exchange.fetch_job())["id"] != job["id"]


async def test_an_expired_lease_is_not_renewed(exchange: V1) -> None:
    await exchange.register()
    job = await exchange.fetch_job()
    exchange.clock.now += 11 * MINUTE
    assert (await exchange.renew(job))[0] == 409


async def test_a_late_result_counts_until_another_fetch_has_the_references(exchange: V1) -> None:
    await exchange.register()
    first = await exchange.fetch_job()
    exchange.clock.now += 11 * MINUTE
    second = await exchange.fetch_job()
    await exchange.upload_all(first)
    status, problem = await exchange.report(first)
    assert (status, problem["status"]) == (422, 422)
    exchange.clock.now += 11 * MINUTE
    await exchange.upload_all(second)
    assert (await exchange.report(second))[0] == 202


async def test_a_failed_job_gets_200(exchange: V1) -> None:
    await exchange.register()
    job = await exchange.fetch_job()
    status, read = await exchange.report(job, "out of tea")
    assert (status, read["result_storage_url"]) == (200, None)
    assert "out of tea" in read["error"]
    status, problem, _ = await exchange.call("GET", f"{JOBS}/{ID}", batch_id=job["id"])
    assert status == 409
    assert "No result can be uploaded for this job" in problem["detail"]


async def test_a_result_for_another_job_than_that_of_the_path_gets_400(exchange: V1) -> None:
    await exchange.register()
    job, body = await exchange.fetch_job(), {"request_id": str(new_id())}
    status, problem, _ = await exchange.call("POST", f"{JOBS}/{ID}/results", batch_id=job["id"], body=body)
    assert (status, problem["detail"]) == (400, "request_id must be the id in the path.")


async def test_a_result_without_a_file_gets_409(exchange: V1) -> None:
    await exchange.register()
    assert (await exchange.report(await exchange.fetch_job()))[0] == 409


async def test_a_batch_request_is_not_a_job(exchange: V1) -> None:
    batch_id = str(await exchange.register())
    assert (await exchange.call("GET", f"{JOBS}/{ID}", batch_id=batch_id))[0] == 409
    assert (await exchange.report({"id": batch_id}))[0] == 422


async def test_an_enhancement_request_is_made_and_read(exchange: V1) -> None:
    exchange.tokens.users["requestor"] = REQUESTOR
    body = {"robot_id": str(exchange.robot.id), "reference_ids": [str(item) for item in exchange.reference_ids]}
    status, made, headers = await exchange.call("POST", REQUESTS, body=body, token="requestor")
    assert (status, made["request_status"], headers["Retry-After"]) == (202, "received", "2")
    assert {name: made[name] for name in body} == body
    await exchange.fetch_job()
    status, read, headers = await exchange.call("GET", f"{REQUESTS}/{ID}", batch_id=made["id"], token="requestor")
    assert (status, read) == (200, {**made, "request_status": "processing"})
    assert int(headers["Retry-After"]) >= 1


async def test_a_repeated_reference_gets_422(exchange: V1) -> None:
    exchange.tokens.users["requestor"] = REQUESTOR
    reference_id = str(exchange.reference_ids[0])
    body = {"robot_id": str(exchange.robot.id), "reference_ids": [reference_id, reference_id]}
    status, problem, _ = await exchange.call("POST", REQUESTS, body=body, token="requestor")
    assert status == 422
    assert reference_id in problem["detail"]
