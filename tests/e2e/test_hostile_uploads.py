"""Uploads that are not what they seem, through the whole flow."""

import gzip
import json
from typing import Any

import pytest

from tests.e2e.exchange import BATCHES, Exchange
from tests.e2e.robot import Robot, running_robot, takes_it
from tests.e2e.test_order_of_events import taken
from tests.results import annotation, jsonl


async def outcome(
    exchange: Exchange, robot: Robot, references: list[str], body: bytes, **headers: str
) -> dict[str, Any]:
    batch, order = await taken(exchange, robot, references)
    block_blob = {"x-ms-blob-type": "BlockBlob", **headers}
    async with robot.session.put(order["result_storage_url"], data=body, headers=block_blob) as response:
        assert response.status == 201
    await robot.call_back(order)
    return await exchange.ended(batch)


HOSTILE = {
    "invalid UTF-8": b"\xff\xfe\xfd\n",
    "a byte order mark": b"\xef\xbb\xbf{}\n",
    "UTF-16": json.dumps(annotation("x")).encode("utf-16"),
    "NUL": b"\x00" * 10_000,
    "lone carriage returns": b"{}\r{}\r{}",
    "U+2028 between entries": '{"a":1}\u2028{"a":2}'.encode(),
    "brackets without end": b"[" * 2_000_000,
    "a line without an end": b"x" * 3_000_000,
    "NaN and Infinity": b'{"reference_id": NaN, "message": Infinity}\n',
    "half a surrogate pair": b'{"reference_id": "\\ud800", "message": "\\udc00"}\n',
    "an integer of a thousand digits": b'{"reference_id": ' + b"9" * 1000 + b"}\n",
    "gzip": gzip.compress(b'{"a": 1}\n' * 1000),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_result_fails_with_a_report_and_harms_nobody(exchange: Exchange, name: str) -> None:
    references = await exchange.load(2, start=400)
    async with running_robot(exchange, takes_it) as robot:
        batch = await outcome(exchange, robot, references, HOSTILE[name])
        report = await exchange.report(batch)
        assert batch["request_status"] == "failed"
        assert len(report) == len(await exchange.report_lines(batch)) >= 3
        assert all(len(line) < 2_200 for line in report)
        assert sum(line.endswith("Missing from the robot's result.") for line in report) == 2
        fine = await outcome(exchange, robot, references, jsonl(*(annotation(item, name) for item in references)))
        assert fine["request_status"] == "completed"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \n"])
async def test_good_entries_are_good_however_their_lines_end(exchange: Exchange, end: bytes) -> None:
    references = await exchange.load(3, start=404)
    lines = [json.dumps(annotation(item, f"end {end!r}")).encode() for item in references]
    async with running_robot(exchange, takes_it) as robot:
        for body in (end.join(lines), end.join([*lines, b""])):
            batch = await outcome(exchange, robot, references, body)
            assert batch["request_status"] == "completed"


async def test_a_blob_that_calls_itself_compressed_is_taken_as_it_lies_there(exchange: Exchange) -> None:
    references = await exchange.load(1, start=408)
    bomb = gzip.compress(b" " * 200_000_000)
    async with running_robot(exchange, takes_it) as robot:
        batch = await outcome(exchange, robot, references, bomb, **{"x-ms-blob-content-encoding": "gzip"})
        assert batch["request_status"] == "failed"
        assert "Could not be read" in (await exchange.report(batch))[0]


async def test_an_entry_for_each_of_many_that_nobody_asked_for_is_a_line_each(exchange: Exchange) -> None:
    references = await exchange.load(1, start=410)
    strangers = [f"00000000-0000-4000-8000-{number:012}" for number in range(20_000)]
    entries = [annotation(item) for item in (*strangers, references[0])]
    async with running_robot(exchange, takes_it) as robot:
        batch = await outcome(exchange, robot, references, jsonl(*entries))
        assert batch["request_status"] == "partial_failed"
        assert len(await exchange.report_lines(batch)) == 20_001


async def test_texts_that_would_not_fit_beside_a_batch_are_refused(exchange: Exchange) -> None:
    references = await exchange.load(1, start=412)
    robot_id = await exchange.register_robot("https://r.example")
    order = {"robot_id": robot_id, "reference_ids": references, "source": "x" * 2_001}
    assert (await exchange.post(BATCHES, order))[0] == 422
    robot = {"name": "n", "base_url": "https://r.example", "description": "x" * 3_000_000, "owner": "o"}
    assert (await exchange.post("/robots/", robot))[0] == 422


async def test_a_body_of_millions_of_wrong_ids_is_refused_at_once(exchange: Exchange) -> None:
    body = b'{"robot_id": "x", "reference_ids": [' + b"1," * 5_000_000 + b"1]}"
    status, problem = await exchange.post(BATCHES, body)
    assert (status, "at most 100000 items" in problem["detail"]) == (413, True)
