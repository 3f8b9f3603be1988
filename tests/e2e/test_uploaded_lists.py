"""Batch requests whose references are in an uploaded list, on the local stack."""

import gzip
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from exchange.client import UPLOADED_ABOVE
from tests.e2e.exchange import BATCHES, Exchange, to_json
from tests.e2e.robot import accept_job, running_robot
from tests.results import annotation, jsonl

BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}
BOM = b"\xef\xbb\xbf"


async def start_upload(exchange: Exchange, role: str = "requestor") -> dict[str, Any]:
    status, upload = await exchange.post(f"{BATCHES}uploads/", b"", role)
    assert status == 201
    return upload


async def upload(exchange: Exchange, content: bytes, role: str = "requestor", **headers: str) -> str:
    """Upload a list. Return its id."""
    started = await start_upload(exchange, role)
    async with exchange.session.put(started["upload_url"], data=content, headers={**BLOCK_BLOB, **headers}) as answer:
        assert answer.status == 201
    return str(started["id"])


async def request_listed(exchange: Exchange, robot_id: str, content: bytes) -> dict[str, Any]:
    listed = UUID(await upload(exchange, content))
    request = exchange.as_user("requestor").request_batch
    return to_json(await request(robot_id=UUID(robot_id), reference_ids_upload=listed))


async def read_url(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.json(content_type=None)


async def test_a_listed_batch_request_goes_the_whole_way(exchange: Exchange) -> None:
    references = await exchange.load_references(3, start=430)
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        content = BOM + "\r\n\r\n".join(references).encode()
        batch = await request_listed(exchange, robot_id, content)
        assert batch["counts"]["requested"] == 0
        read = await exchange.wait_until(batch, {"accepted"})
        job = robot.jobs[-1]
        assert read["reference_ids"] == references
        assert await read_url(read["reference_ids_url"]) == references
        await robot.put(job["result_storage_url"], jsonl(*(annotation(item) for item in references)))
        assert (await robot.call_back(job))[0] == 200
        ended = await exchange.wait_until_ended(batch)
    assert ended["request_status"] == "completed"
    assert ended["counts"]["enhanced"] == 3


LISTS = {
    "an empty file": (b"", "has no ids"),
    "a line of 4 MiB": (b"x" * (4 << 20), "line 1: it is longer than 65536 bytes"),
    "NUL": (b"\x00" * 10_000, "line 1: '' is not the id"),
    "UTF-16": (str(uuid4()).encode("utf-16"), "UTF-16"),
    "gzip": (gzip.compress(str(uuid4()).encode()), "gzip"),
    "invalid UTF-8": (b"\xff\xfd\n\x80", "has 2 faults"),
    "unclosed brackets": (b'{"id": ' + b"[" * 60_000, "is not the id"),
    "an unknown reference": (str(uuid4()).encode(), "does not exist"),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_that_cannot_be_used_ends_its_batch_with_the_reason(exchange: Exchange, name: str) -> None:
    content, words = LISTS[name]
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    batch = await exchange.wait_until_ended(await request_listed(exchange, robot_id, content))
    assert (batch["request_status"], batch["error_code"]) == ("failed", "references_invalid")
    assert words in batch["error"]
    assert len(batch["error"]) < 300
    assert (batch["reference_ids"], batch["counts"]["requested"]) == (None, 0)


async def test_the_first_faults_of_a_long_list_are_named(exchange: Exchange) -> None:
    (known,) = await exchange.load_references(1, start=433)
    lines = [known, "", known, *(str(uuid4()) for _ in range(1_000))]
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    batch = await exchange.wait_until_ended(await request_listed(exchange, robot_id, "\n".join(lines).encode()))
    assert "has 1001 faults. The first 10: " in batch["error"]
    assert f"line 3: {known} is repeated; line 4: the reference {lines[3]} does not exist; " in batch["error"]


async def test_a_list_belongs_to_its_user(exchange: Exchange) -> None:
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    body = {"robot_id": robot_id, "reference_ids_upload": await upload(exchange, str(uuid4()).encode())}
    status, answer = await exchange.post(BATCHES, body, "operator")
    assert (status, answer["detail"]) == (
        404,
        "reference_ids_upload names no file of yours. PUT the file to its upload_url first.",
    )


async def test_a_file_must_be_uploaded_before_the_request(exchange: Exchange) -> None:
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    started = await start_upload(exchange)
    body = {"robot_id": robot_id, "reference_ids_upload": started["id"]}
    assert (await exchange.post(BATCHES, body, "requestor"))[0] == 404
    page_blob = {"x-ms-blob-type": "AppendBlob", "Content-Length": "0"}
    async with exchange.session.put(started["upload_url"], headers=page_blob) as answer:
        assert answer.status == 201
    status, refused = await exchange.post(BATCHES, body, "requestor")
    assert (status, "append blob" in refused["detail"]) == (422, True)


async def test_a_request_has_its_references_or_names_a_list(exchange: Exchange) -> None:
    robot_id, listed = await exchange.register_robot("http://127.0.0.1:9"), str(uuid4())
    for fields in ({}, {"reference_ids": [str(uuid4())], "reference_ids_upload": listed}):
        status, refused = await exchange.post(BATCHES, {"robot_id": robot_id, **fields}, "requestor")
        assert (status, "exactly one of reference_ids and reference_ids_upload" in refused["detail"]) == (422, True)
    body = {"robot_id": robot_id, "reference_ids_upload": listed}
    status, refused = await exchange.post(f"{BATCHES}?dry_run=true", body, "requestor")
    assert (status, "does not read an uploaded list" in refused["detail"]) == (422, True)


async def test_the_client_uploads_a_list_of_many_references(exchange: Exchange) -> None:
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    ids = [str(uuid4()) for _ in range(UPLOADED_ABOVE + 1)]
    batch = await exchange.wait_until_ended(await exchange.request_batch(robot_id, ids))
    assert f"has {len(ids)} faults. The first 10: line 1: the reference {ids[0]} does not exist" in batch["error"]
