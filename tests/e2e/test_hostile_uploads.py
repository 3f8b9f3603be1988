"""Malformed and hostile result files, through the whole flow."""

import gzip
import json
from typing import Any

import pytest

from tests.e2e.exchange import BATCHES, Exchange
from tests.e2e.robot import Robot, accept_job, running_robot
from tests.e2e.test_order_of_events import send_job
from tests.results import annotation, jsonl


async def run_batch(
    exchange: Exchange, robot: Robot, references: list[str], body: bytes, **headers: str
) -> dict[str, Any]:
    batch, job = await send_job(exchange, robot, references)
    block_blob = {"x-ms-blob-type": "BlockBlob", **headers}
    async with robot.session.put(job["result_storage_url"], data=body, headers=block_blob) as response:
        assert response.status == 201
    await robot.call_back(job)
    return await exchange.wait_until_ended(batch)


HOSTILE = {
    "invalid UTF-8": b"\xff\xfe\xfd\n",
    "a byte job mark": b"\xef\xbb\xbf{}\n",
    "UTF-16": json.dumps(annotation("x")).encode("utf-16"),
    "NUL": b"\x00" * 10_000,
    "carriage returns as line ends": b"{}\r{}\r{}",
    "U+2028 between entries": '{"a":1}\u2028{"a":2}'.encode(),
    "unclosed brackets": b"[" * 2_000_000,
    "one very long line": b"x" * 3_000_000,
    "NaN and Infinity": b'{"reference_id": NaN, "message": Infinity}\n',
    "a lone surrogate": b'{"reference_id": "\\ud800", "message": "\\udc00"}\n',
    "an integer of a thousand digits": b'{"reference_id": ' + b"9" * 1000 + b"}\n",
    "gzip": gzip.compress(b'{"a": 1}\n' * 1000),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_malformed_result_fails_its_batch_with_a_report_and_harms_no_other(
    exchange: Exchange, name: str
) -> None:
    references = await exchange.load_references(2, start=400)
    async with running_robot(exchange, accept_job) as robot:
        batch = await run_batch(exchange, robot, references, HOSTILE[name])
        report = await exchange.read_report(batch)
        assert batch["request_status"] == "failed"
        assert len(report) == len(await exchange.read_report_lines(batch)) >= 3
        assert all(len(line) < 2_200 for line in report)
        assert sum(line.endswith("Missing from the robot's result.") for line in report) == 2
        valid = await run_batch(exchange, robot, references, jsonl(*(annotation(item, name) for item in references)))
        assert valid["request_status"] == "completed"


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n \n"])
async def test_valid_entries_are_accepted_with_any_line_ending(exchange: Exchange, end: bytes) -> None:
    references = await exchange.load_references(3, start=404)
    lines = [json.dumps(annotation(item, f"end {end!r}")).encode() for item in references]
    async with running_robot(exchange, accept_job) as robot:
        for body in (end.join(lines), end.join([*lines, b""])):
            batch = await run_batch(exchange, robot, references, body)
            assert batch["request_status"] == "completed"


async def test_a_blob_with_a_content_encoding_is_not_decompressed(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=408)
    bomb = gzip.compress(b" " * 200_000_000)
    async with running_robot(exchange, accept_job) as robot:
        batch = await run_batch(exchange, robot, references, bomb, **{"x-ms-blob-content-encoding": "gzip"})
        assert batch["request_status"] == "failed"
        assert "Could not be read" in (await exchange.read_report(batch))[0]


async def test_a_line_with_too_many_lists_is_not_parsed(exchange: Exchange) -> None:
    references = await exchange.load_references(2, start=413)
    lists: list[Any] = [[[]]] * 15_000
    label = {"annotation_type": "boolean", "scheme": "s", "label": "l", "value": True, "data": {"lists": lists}}
    nested = annotation(references[0], content={"enhancement_type": "annotation", "annotations": [label]})
    async with running_robot(exchange, accept_job) as robot:
        batch = await run_batch(exchange, robot, references, jsonl(nested, annotation(references[1], "plain")))
        assert batch["request_status"] == "partial_failed"
        refused, added, missing = await exchange.read_report_lines(batch)
        assert refused["error"] == "Could not be read: it has more than 25000 brackets ('[' and '{')"
        assert (added["reference_id"], added["error"]) == (references[1], None)
        assert missing["reference_id"] == references[0]


async def test_a_copy_of_another_robots_result_is_not_imported(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=415)
    async with running_robot(exchange, accept_job) as robot:
        _, honest = await send_job(exchange, robot, references)
        await robot.upload(honest, annotation(references[0], "of another robot"))
        batch, job = await send_job(exchange, robot, references)
        source = {"x-ms-copy-source": honest["result_storage_url"].partition("?")[0]}
        async with robot.session.put(job["result_storage_url"], headers=source) as response:
            assert response.status == 202
        await robot.call_back(job)
        ended = await exchange.wait_until_ended(batch)
        assert ended["request_status"] == "failed"
        assert ended["error"] == "The result file was copied from another blob. Upload its content instead."
        assert not await exchange.list_enhancements(references[0])


async def test_an_append_blob_is_not_imported(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=416)
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, references)
        url = job["result_storage_url"]
        async with robot.session.put(url, headers={"x-ms-blob-type": "AppendBlob"}) as response:
            assert response.status == 201
        body = jsonl(annotation(references[0]))
        async with robot.session.put(f"{url}&comp=appendblock", data=body) as response:
            assert response.status == 201
        await robot.call_back(job)
        ended = await exchange.wait_until_ended(batch)
        assert ended["request_status"] == "failed"
        assert ended["error"] == "The result file is a page blob or an append blob. Upload it as a block blob."


async def test_each_entry_for_a_reference_that_was_not_requested_has_a_report_line(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=410)
    not_requested = [f"00000000-0000-4000-8000-{number:012}" for number in range(20_000)]
    entries = [annotation(item) for item in (*not_requested, references[0])]
    async with running_robot(exchange, accept_job) as robot:
        batch = await run_batch(exchange, robot, references, jsonl(*entries))
        assert batch["request_status"] == "partial_failed"
        assert len(await exchange.read_report_lines(batch)) == 20_001


async def test_texts_that_are_too_long_for_the_store_are_refused(exchange: Exchange) -> None:
    references = await exchange.load_references(1, start=412)
    robot_id = await exchange.register_robot("https://r.example")
    request = {"robot_id": robot_id, "reference_ids": references, "source": "x" * 2_001}
    assert (await exchange.post(BATCHES, request))[0] == 422
    robot = {"name": "n", "base_url": "https://r.example", "description": "x" * 3_000_000, "owner": "o"}
    assert (await exchange.post("/robots/", robot))[0] == 422


async def test_a_body_with_millions_of_invalid_ids_is_refused(exchange: Exchange) -> None:
    body = b'{"robot_id": "x", "reference_ids": [' + b"1," * 5_000_000 + b"1]}"
    status, problem = await exchange.post(BATCHES, body)
    assert (status, [error.partition(":")[0] for error in problem["errors"]]) == (422, ["robot_id", "reference_ids.0"])
