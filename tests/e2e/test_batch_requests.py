"""The requestor's side of batch requests over HTTP: keys, dry runs, filters, and reading again."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from multidict import CIMultiDictProxy

from tests.e2e.exchange import BATCHES, Exchange
from tests.e2e.robot import accept_job, running_robot
from tests.results import annotation

UNUSED_ADDRESS = "http://127.0.0.1:9/"


class Response(NamedTuple):
    status: int
    headers: CIMultiDictProxy[str]
    body: Any


async def send(
    exchange: Exchange,
    method: str,
    path: str = BATCHES,
    body: Any = None,
    role: str = "requestor",
    **options: Any,
) -> Response:
    """Send a request. `options` are `params` and more headers."""
    headers = {**exchange.as_role(role), **options.pop("headers", {})}
    url = exchange.stack.api + path
    async with exchange.session.request(method, url, json=body, headers=headers, **options) as response:
        answer = await response.json(content_type=None) if response.status != 304 else None
        return Response(response.status, response.headers, answer)


async def make_request(exchange: Exchange, **fields: Any) -> dict[str, Any]:
    robot_id = await exchange.register_robot(UNUSED_ADDRESS)
    return {"robot_id": robot_id, "reference_ids": await exchange.load_references(2), **fields}


async def list_ids(exchange: Exchange, params: Mapping[str, str] | list[tuple[str, str]]) -> list[str]:
    listed = await send(exchange, "GET", params=params)
    assert listed.status == 200, listed.body
    return [row["id"] for row in listed.body["batch_requests"]]


async def test_a_request_with_a_key_is_registered_once(exchange: Exchange) -> None:
    key = {"Idempotency-Key": f'"{uuid4()}";a,b'}
    request = await make_request(exchange, source="s", metadata={"run": str(uuid4())})
    answers = await asyncio.gather(*(send(exchange, "POST", body=request, headers=key) for _ in range(4)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    replayed = [answer.headers.get("Idempotency-Replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None, "true", "true", "true"]
    batch_id = answers[0].body["id"]
    assert await list_ids(exchange, {"metadata.run": request["metadata"]["run"]}) == [batch_id]
    other = await send(exchange, "POST", body={**request, "source": "t"}, headers=key)
    assert (other.status, "was used for another batch request" in other.body["detail"]) == (422, True)
    shortened = await send(exchange, "POST", body=request, headers=key, params={"include_reference_ids": "false"})
    assert (shortened.body["id"], shortened.body["reference_ids"]) == (batch_id, None)
    theirs = await send(exchange, "POST", body=request, headers=key, role="operator")
    assert (theirs.status, theirs.body["id"] == batch_id) == (202, False)
    assert "Idempotency-Replayed" not in theirs.headers


@pytest.mark.parametrize("key", ["", "a b", "a\tb", "schlüssel", "k" * 256])
async def test_an_invalid_key_is_refused_and_nothing_is_stored(exchange: Exchange, key: str) -> None:
    run = str(uuid4())
    request = await make_request(exchange, metadata={"run": run})
    answer = await send(exchange, "POST", body=request, headers={"Idempotency-Key": key})
    assert answer.status == 422
    assert answer.body["detail"] == "The header Idempotency-Key must be 1 to 255 visible ASCII characters."
    assert await list_ids(exchange, {"metadata.run": run}) == []


async def test_a_dry_run_names_the_unknown_references_and_creates_nothing(exchange: Exchange) -> None:
    run, unknown = str(uuid4()), str(uuid4())
    request = await make_request(exchange, metadata={"run": run})
    request["reference_ids"].insert(1, unknown)
    answer = await send(exchange, "POST", body=request, params={"dry_run": "true"})
    expected = {"robot_id": request["robot_id"], "requested": 3, "found": 2, "unknown": [unknown], "skipped": None}
    assert (answer.status, answer.body) == (200, expected)
    assert await list_ids(exchange, {"metadata.run": run}) == []
    for fields, status in (
        ({"robot_id": str(uuid4())}, 404),
        ({"reference_ids": [unknown, unknown]}, 422),
        ({"reference_ids": []}, 422),
    ):
        assert (await send(exchange, "POST", body={**request, **fields}, params={"dry_run": "true"})).status == status
    assert (await send(exchange, "POST", body=request)).status == 404


async def test_batch_requests_are_listed_by_filters_and_pages(exchange: Exchange) -> None:
    key, value = f"a b.[\"']&=/文 {uuid4()}"[:64], "x,y & z=%"
    request = await make_request(exchange, source=f"review, {uuid4()}")
    made = [
        (await send(exchange, "POST", body={**request, "metadata": {key: value, "number": str(number)}})).body
        for number in range(3)
    ]
    newest_first = [batch["id"] for batch in made[::-1]]
    assert await list_ids(exchange, {f"metadata.{key}": value}) == newest_first
    assert await list_ids(exchange, {f"metadata.{key}": value, "metadata.number": "1"}) == [made[1]["id"]]
    assert await list_ids(exchange, {f"metadata.{key}": value, "metadata.number": "7"}) == []
    assert await list_ids(exchange, {"source": request["source"]}) == newest_first
    assert await list_ids(exchange, {"robot_id": request["robot_id"]}) == newest_first
    repeated = [("status", "received"), ("status", "failed"), ("source", request["source"])]
    assert await list_ids(exchange, repeated) == newest_first
    assert await list_ids(exchange, {"status": "completed", "source": request["source"]}) == []
    after = {"source": request["source"], "created_after": made[0]["created_at"]}
    assert await list_ids(exchange, after) == newest_first[:2]
    assert await list_ids(exchange, {**after, "created_before": made[2]["created_at"]}) == [made[1]["id"]]
    page = await send(exchange, "GET", params={"source": request["source"], "limit": "2"})
    assert [row["id"] for row in page.body["batch_requests"]] == newest_first[:2]
    assert page.body["batch_requests"][0]["metadata"] == {key: value, "number": "2"}
    rest = {"source": request["source"], "continuation": page.body["continuation"]}
    assert await list_ids(exchange, rest) == newest_first[2:]
    for wrong in ({**rest, "status": "received"}, {**rest, "source": "other"}, {"continuation": rest["continuation"]}):
        refused = await send(exchange, "GET", params=wrong)
        assert (refused.status, "with the same filters" in refused.body["detail"]) == (422, True)


@pytest.mark.parametrize("query", ["metadata=x", "Metadata.a=x", "limit=0", "created_after=1700000000", "status=lost"])
async def test_a_filter_that_does_not_exist_is_refused(exchange: Exchange, query: str) -> None:
    assert (await send(exchange, "GET", f"{BATCHES}?{query}")).status == 422


async def test_a_batch_is_read_again_only_if_it_has_changed(exchange: Exchange) -> None:
    async with running_robot(exchange, accept_job) as robot:
        request = {
            "robot_id": await exchange.register_robot(robot.url),
            "reference_ids": await exchange.load_references(1),
        }
        registered = await send(exchange, "POST", body=request)
        assert registered.headers["Retry-After"] == "2"
        await exchange.wait_until(registered.body, {"accepted"})
        path = BATCHES + registered.body["id"]
        accepted = await send(exchange, "GET", path)
        unchanged = await send(exchange, "GET", path, headers={"If-None-Match": f'"x", {accepted.headers["ETag"]}'})
        assert unchanged.status == 304
        assert unchanged.headers["ETag"] == accepted.headers["ETag"]
        assert unchanged.headers["Retry-After"] == accepted.headers["Retry-After"] == "5"
        as_operator = await send(
            exchange, "GET", path, role="operator", headers={"If-None-Match": accepted.headers["ETag"]}
        )
        assert as_operator.status == 200
        robot_headers = robot.credentials[registered.body["id"]].headers(b"")
        url = f"{exchange.stack.api}{path}?include_reference_ids=false"
        async with exchange.session.get(url, headers=robot_headers) as response:
            assert (response.status, "Retry-After" in response.headers, "ETag" in response.headers) == (
                200,
                False,
                True,
            )
            assert (await response.json())["reference_ids"] is None
        await robot.upload(robot.jobs[0], annotation(request["reference_ids"][0]))
        await exchange.call_as_robot(robot.credentials[registered.body["id"]], {"request_id": registered.body["id"]})
        await exchange.wait_until_ended(registered.body)
        ended = await send(exchange, "GET", path, headers={"If-None-Match": accepted.headers["ETag"]})
        assert (ended.status, ended.body["request_status"], ended.body["expires_at"]) == (200, "completed", None)
        assert "Retry-After" not in ended.headers
        times = [ended.body[name] for name in ("created_at", "accepted_at", "delivered_at", "ended_at")]
        assert sorted(times, key=datetime.fromisoformat) == times
        assert accepted.body["expires_at"] > times[1]
        short = await send(exchange, "GET", path, params={"include_reference_ids": "false"})
        assert {**short.body, "reference_ids": ended.body["reference_ids"]}.keys() == ended.body.keys()
        assert short.body["reference_ids"] is None
        assert (
            short.body["validation_result_file"].partition("?")[0]
            == (ended.body["validation_result_file"].partition("?")[0])
        )
