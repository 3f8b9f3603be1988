"""Invalid input gets a clear error, and nothing is stored, sent or dispatched."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import BATCHES, CALLBACK, Exchange
from tests.e2e.robot import accept_job, running_robot

VERSION_1_ID = "4c2a1b60-0d0e-11ee-be56-0242ac120002"


@pytest.mark.parametrize(
    ("change", "status", "faults"),
    [
        ({"robot_id": str(UUID(int=7, version=4))}, 404, ["The robot "]),
        ({"reference_ids": []}, 422, ["reference_ids: List should have at least 1 item"]),
        ({"reference_ids": "x"}, 422, ["reference_ids: Input should be a valid array"]),
        ({"reference_ids": [VERSION_1_ID, "x"]}, 422, ["reference_ids.0: UUID version 4 expected"]),
        ({"robot_id": VERSION_1_ID, "reference_ids": "x"}, 422, ["robot_id: UUID version 4", "reference_ids: "]),
        ({"source": 7}, 422, ["source: Input should be a valid string"]),
    ],
)
async def test_an_invalid_batch_request_gets_one_sentence_per_fault(
    exchange: Exchange, change: dict[str, Any], status: int, faults: list[str]
) -> None:
    references = await exchange.load_references(1, start=300)
    async with running_robot(exchange, accept_job) as robot:
        request = {"robot_id": await exchange.register_robot(robot.url), "reference_ids": references, **change}
        answered, problem = await exchange.post(BATCHES, request)
        assert answered == problem["status"] == status
        assert len(problem["errors"]) == len(faults)
        assert all(error.startswith(fault) for error, fault in zip(problem["errors"], faults, strict=True)), problem
        assert problem["detail"] == " ".join(problem["errors"])
        assert robot.jobs == []


async def test_repeated_and_unknown_references_are_named(exchange: Exchange) -> None:
    first, second = await exchange.load_references(2, start=302)
    unknown = [str(uuid4()) for _ in range(25)]
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        status, problem = await exchange.post(
            BATCHES, {"robot_id": robot_id, "reference_ids": [first, second, first.upper()]}
        )
        assert (status, first in problem["detail"], second in problem["detail"]) == (422, True, False)
        status, problem = await exchange.post(BATCHES, {"robot_id": robot_id, "reference_ids": [first, *unknown]})
        assert status == 404
        assert all(item in problem["detail"] for item in unknown)
        assert first not in problem["detail"]


@pytest.mark.parametrize("path", [BATCHES, CALLBACK, "/robots/", "/references/"])
@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"nope", b"[" * 25_000])
async def test_a_body_that_is_not_json_gets_400(exchange: Exchange, path: str, body: bytes) -> None:
    if path == CALLBACK:
        robot_id = await exchange.register_robot("https://r.example")
        status, problem = await exchange.call_as_robot(Credentials(UUID(robot_id), exchange.secrets[robot_id]), body)
    else:
        status, problem = await exchange.post(path, body)
    assert (status, problem["title"]) == (400, "Bad Request")


async def test_too_many_ids_or_a_too_large_body_get_413(exchange: Exchange) -> None:
    ids = [str(uuid4()) for _ in range(100_001)]
    status, problem = await exchange.post(BATCHES, {"robot_id": str(uuid4()), "reference_ids": ids})
    assert (status, "at most 100000 items" in problem["detail"]) == (413, True)
    status, problem = await exchange.post(BATCHES, b" " * (10 * 1024 * 1024 + 1))
    assert status == 413


@pytest.mark.parametrize(("batch_id", "status"), [(str(UUID(int=7, version=4)), 404), (VERSION_1_ID, 422), ("x", 422)])
async def test_an_unknown_batch_gets_404_and_an_invalid_id_gets_422(
    exchange: Exchange, batch_id: str, status: int
) -> None:
    url = exchange.stack.api + BATCHES + batch_id
    async with exchange.session.get(url, headers=exchange.as_role("requestor")) as response:
        assert response.status == status
        assert response.content_type == "application/problem+json"
    if status == 404:
        robot_id = await exchange.register_robot("https://r.example")
        robot = Credentials(UUID(robot_id), exchange.secrets[robot_id])
        assert (await exchange.call_as_robot(robot, {"request_id": batch_id}))[0] == 404


async def test_a_callback_must_name_the_storage_url_of_its_batch(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=304)
    async with running_robot(exchange, accept_job) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
        await exchange.wait_until(batch, {"accepted"})
        job = robot.jobs[-1]
        await robot.upload(job, b"x")
        other = job["result_storage_url"].replace(batch["id"], str(uuid4()))
        assert (await robot.call_back(job, storage_url=other))[0] == 422
        assert (await robot.call_back(job, storage_url=job["result_storage_url"]))[0] == 200


async def test_an_invalid_registration_of_a_robot_is_refused(exchange: Exchange) -> None:
    robot = {"name": f"r {uuid4()}", "base_url": "https://r.example", "description": "d", "owner": "o"}
    assert (await exchange.post("/robots/", robot))[0] == 201
    assert (await exchange.post("/robots/", robot))[0] == 409
    for change in ({"base_url": "ftp://x"}, {"dependent_enhancements": ["full_text"]}, {"typo": 1}, {"owner": None}):
        assert (await exchange.post("/robots/", {**robot, "name": str(uuid4()), **change}))[0] == 422


async def test_each_line_of_a_references_file_gets_an_answer(exchange: Exchange) -> None:
    lines = [
        b'{"identifiers": [{"identifier_type": "pm_id", "identifier": 1}]}',
        b"nope",
        b"",
        b'{"visibility": "secret"}',
    ]
    headers = {"Content-Type": "application/jsonl", **exchange.as_role("operator")}
    url = f"{exchange.stack.api}/references/"
    for existing in (False, True):
        async with exchange.session.post(url, data=b"\n".join(lines), headers=headers) as response:
            assert response.status == 200
            answers = [json.loads(line) for line in (await response.read()).splitlines()]
        assert [answer["error"] is None for answer in answers] == [True, False, False]
        assert answers[0]["existing"] is existing
