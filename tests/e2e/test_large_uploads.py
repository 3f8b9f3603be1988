"""Uploads of gigabytes and of millions of lines: each ends with a reason, and the host's memory stays flat."""

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob.aio import BlobClient

from tests.e2e.exchange import Exchange, exchange_on
from tests.e2e.robot import Robot, running_robot, takes_it
from tests.e2e.test_order_of_events import taken
from tests.results import annotation, jsonl
from tests.stacks import Stack, running_stack

MIB = 1 << 20
# What a host takes for its own ends while it works, beyond what it has when it idles.
ROOM_MIB = 200


@pytest.fixture(scope="module")
def roomy_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack of its own, whose host's memory is its uploads' doing."""
    with running_stack(tmp_path_factory.mktemp("roomy"), HEARTBEAT_INTERVAL_S="5") as stack:
        yield stack


@pytest.fixture
async def roomy(roomy_stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(roomy_stack) as client:
        yield client


def host_memory_mib(stack: Stack, field: str) -> float:
    """Return what the system says of the host's memory: `VmRSS` now, `VmHWM` the most so far."""
    port = stack.api.rpartition(":")[2]
    for folder in Path("/proc").glob("[0-9]*"):
        command = (folder / "cmdline").read_bytes().split(b"\0") if os.access(folder / "cmdline", os.R_OK) else []
        environment = (folder / "environ").read_bytes() if b"local.host" in command else b""
        if stack.settings["COSMOS_ENDPOINT"].encode() in environment:
            status = (folder / "status").read_text()
            return int(status.partition(f"{field}:")[2].split()[0]) / 1024
    raise AssertionError(f"no host that answers at port {port} was found")


async def to_one_line(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield b"x" * MIB


async def brackets(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield b"[" * MIB


async def tiny_lines(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield b"x\n" * (MIB // 2)


async def upload(order: dict[str, Any], pieces: AsyncIterator[bytes]) -> None:
    """Upload in blocks, as a robot with the storage SDK does."""
    async with BlobClient.from_blob_url(order["result_storage_url"]) as blob:
        await blob.upload_blob(pieces, overwrite=True, max_concurrency=2)


async def outcome(exchange: Exchange, robot: Robot, pieces: AsyncIterator[bytes]) -> dict[str, Any]:
    batch, order = await taken(exchange, robot, await exchange.load(2, start=420))
    await upload(order, pieces)
    assert (await robot.call_back(order))[0] == 200
    return await exchange.until(batch, {"failed", "completed", "partial_failed"}, patience_s=240)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("make", "size", "said"),
    [
        (to_one_line, 2 << 30, "longer than 1048576 bytes"),
        (brackets, 100 * MIB, "longer than 1048576 bytes"),
        (tiny_lines, 64 * MIB, None),
    ],
    ids=["a line of 2 GiB", "100 MiB of brackets", "33 million tiny lines"],
)
async def test_memory_stays_flat(
    roomy: Exchange, make: Callable[[int], AsyncIterator[bytes]], size: int, said: str | None
) -> None:
    before = host_memory_mib(roomy.stack, "VmRSS")
    async with running_robot(roomy, takes_it) as robot:
        batch = await outcome(roomy, robot, make(size))
        assert batch["request_status"] == "failed"
        report = await roomy.report(batch)
    assert host_memory_mib(roomy.stack, "VmHWM") < before + ROOM_MIB
    if said is None:
        assert "More than 200000 entries can't be read" in batch["error"]
        assert len(report) == 2
    else:
        assert said in report[0]
        assert len(report) == 3


@pytest.mark.timeout(300)
async def test_a_hundred_thousand_strangers_and_the_same_entry_as_often_are_a_line_each(roomy: Exchange) -> None:
    before = host_memory_mib(roomy.stack, "VmRSS")
    async with running_robot(roomy, takes_it) as robot:
        batch, order = await taken(roomy, robot, await roomy.load(2, start=424))
        known = json.dumps(annotation(batch["reference_ids"][0])).encode() + b"\n"
        strangers = (annotation(f"00000000-0000-4000-8000-{number:012}") for number in range(100_000))
        await robot.put(order["result_storage_url"], jsonl(*strangers) + known * 100_000)
        assert (await robot.call_back(order))[0] == 200
        ended = await roomy.until(batch, {"failed", "partial_failed"}, patience_s=240)
        assert ended["request_status"] == "partial_failed"
        assert len(await roomy.report(ended)) == 200_001
    assert host_memory_mib(roomy.stack, "VmHWM") < before + ROOM_MIB
