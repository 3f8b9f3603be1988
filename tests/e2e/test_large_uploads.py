"""Uploads of gigabytes and of millions of lines. Each batch ends with a reason, and the host needs little memory."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from azure.storage.blob.aio import BlobClient

from exchange.domain.ids import derive_id
from tests.e2e.exchange import BATCHES, Exchange, exchange_on, to_json
from tests.e2e.robot import Robot, accept_job, running_robot
from tests.e2e.test_order_of_events import send_job
from tests.results import annotation, jsonl
from tests.stacks import Stack, read_host_memory, running_stack
from tests.tiers import fast_or_exhaustive

MIB = 1 << 20
# How much more memory the host may use while it works than when it idles. The largest uploads are larger.
EXTRA_MIB = 200


@pytest.fixture(scope="module")
def large_uploads_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own, so that only these uploads affect the memory of its host."""
    with running_stack(tmp_path_factory.mktemp("large"), HEARTBEAT_INTERVAL_S="5") as stack:
        yield stack


@pytest.fixture
async def exchange(large_uploads_stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(large_uploads_stack) as client:
        yield client


async def one_line(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield b"x" * MIB


async def open_brackets(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield b"[" * MIB


async def tiny_lines(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield b"x\n" * (MIB // 2)


async def upload(job: dict[str, Any], chunks: AsyncIterator[bytes]) -> None:
    """Upload in blocks, as a robot does that uses the Azure Storage SDK."""
    async with BlobClient.from_blob_url(job["result_storage_url"]) as blob:
        await blob.upload_blob(chunks, overwrite=True, max_concurrency=2)


async def run_batch(exchange: Exchange, robot: Robot, chunks: AsyncIterator[bytes]) -> dict[str, Any]:
    batch, job = await send_job(exchange, robot, await exchange.load_references(2, start=420))
    await upload(job, chunks)
    assert (await robot.call_back(job))[0] == 200
    return await exchange.wait_until(batch, {"failed", "completed", "partial_failed"}, patience_s=240)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("make_chunks", "size", "reason"),
    [
        (one_line, fast_or_exhaustive(256 * MIB, 2 << 30), "longer than 1048576 bytes"),
        (open_brackets, 100 * MIB, "longer than 1048576 bytes"),
        (tiny_lines, fast_or_exhaustive(12 * MIB, 64 * MIB), None),
    ],
    ids=["one line", "brackets", "millions of tiny lines"],
)
async def test_a_large_upload_ends_with_a_reason_in_little_memory(
    exchange: Exchange, make_chunks: Callable[[int], AsyncIterator[bytes]], size: int, reason: str | None
) -> None:
    before = read_host_memory(exchange.stack, "VmRSS")
    async with running_robot(exchange, accept_job) as robot:
        batch = await run_batch(exchange, robot, make_chunks(size))
        assert batch["request_status"] == "failed"
        report = await exchange.read_report(batch)
    assert read_host_memory(exchange.stack, "VmHWM") < before + EXTRA_MIB
    if reason is None:
        assert "More than 200000 entries are unreadable, repeated, or of references" in batch["error"]
        assert len(report) == 2
    else:
        assert reason in report[0]
        assert len(report) == 3


@pytest.mark.timeout(600)
async def test_each_of_many_entries_has_a_report_line(exchange: Exchange) -> None:
    half = fast_or_exhaustive(20_000, 100_000)
    before = read_host_memory(exchange.stack, "VmRSS")
    async with running_robot(exchange, accept_job) as robot:
        batch, job = await send_job(exchange, robot, await exchange.load_references(2, start=424))
        known = json.dumps(annotation(batch["reference_ids"][0])).encode() + b"\n"
        not_requested = (annotation(f"00000000-0000-4000-8000-{number:012}") for number in range(half))
        await robot.put(job["result_storage_url"], jsonl(*not_requested) + known * half)
        assert (await robot.call_back(job))[0] == 200
        ended = await exchange.wait_until(batch, {"failed", "partial_failed"}, patience_s=240)
        assert ended["request_status"] == "partial_failed"
        assert len(await exchange.read_report(ended)) == 2 * half + 1
    assert read_host_memory(exchange.stack, "VmHWM") < before + EXTRA_MIB


@pytest.mark.timeout(900)
async def test_a_long_list_of_references_is_read_in_little_memory(exchange: Exchange) -> None:
    """Each reference is unknown, which takes more memory than a known one: each is a fault."""
    count = fast_or_exhaustive(20_000, 1_000_000)
    before = read_host_memory(exchange.stack, "VmRSS")
    requestor, robot_id = exchange.as_user("requestor"), UUID(await exchange.register_robot("http://127.0.0.1:9"))
    listed = await requestor.upload_ids(derive_id("listed", number) for number in range(count))
    batch = to_json(await requestor.request_batch(robot_id=robot_id, reference_ids_upload=listed))
    ended = await exchange.wait_until(batch, {"failed"}, patience_s=800)
    assert f"has {count} faults" in ended["error"]
    assert read_host_memory(exchange.stack, "VmHWM") < before + EXTRA_MIB


@pytest.mark.timeout(600)
async def test_a_list_of_too_many_references_is_refused(exchange: Exchange) -> None:
    """The last one is one too many. All others are the same, so that the exchange looks up only one."""
    count = 1_000_001
    lines = f"{derive_id('repeated')}\n".encode() * count
    status, upload = await exchange.post(f"{BATCHES}uploads/", b"", "requestor")
    assert status == 201
    async with exchange.session.put(upload["upload_url"], data=lines, headers={"x-ms-blob-type": "BlockBlob"}) as put:
        assert put.status == 201
    body = {"robot_id": await exchange.register_robot("http://127.0.0.1:9"), "reference_ids_upload": upload["id"]}
    status, batch = await exchange.post(BATCHES, body, "requestor")
    assert status == 202
    ended = await exchange.wait_until(batch, {"failed"}, patience_s=400)
    assert ended["error"] == "The list of references may have at most 1000000 ids. It has more."
