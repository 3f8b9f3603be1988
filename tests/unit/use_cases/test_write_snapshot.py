import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exchange.contract.references import ReferenceFileInput
from exchange.domain.ids import new_id
from tests.fakes.files import FakeWriter
from tests.unit.use_cases.conftest import Exchange

CONTENT = {"enhancement_type": "abstract", "process": "other", "abstract": "a" * 400_000}
LARGE = {"source": "s", "visibility": "public", "enhancement_type": "abstract", "content": CONTENT}


async def large_references(exchange: Exchange) -> None:
    """Let a robot that depends on abstracts be asked for some that are a few of `_FLUSH_BYTES` together."""
    exchange.robot = exchange.robot.model_copy(
        update={"id": new_id(), "name": "reads abstracts", "dependent_enhancements": ["abstract"]}
    )
    await exchange.robots.create(exchange.robot)
    reference = ReferenceFileInput.model_validate({"enhancements": [LARGE]})
    exchange.reference_ids = [(await exchange.references.add(reference)).id for _ in range(7)]


async def test_references_are_written_once_each_however_large_they_are(exchange: Exchange) -> None:
    await large_references(exchange)
    batch_id = await exchange.dispatched()
    blob = exchange.files.blobs[f"{batch_id}/{exchange.batch(batch_id).snapshot}/reference_data.jsonl"]
    references = [json.loads(line) for line in blob.splitlines()]
    assert [item["id"] for item in references] == [str(item) for item in exchange.reference_ids]
    assert all(item["enhancements"][0]["content"] == CONTENT for item in references)


async def test_they_are_neither_gathered_in_memory_nor_written_one_by_one(exchange: Exchange) -> None:
    await large_references(exchange)
    batch_id = await exchange.register()
    create = exchange.files.create
    written: list[int] = []

    class Watched(FakeWriter):
        async def write(self, data: bytes | bytearray) -> None:
            written.append(len(data))
            await super().write(data)

    @asynccontextmanager
    async def watched(name: str) -> AsyncIterator[FakeWriter]:
        writer = Watched()
        yield writer
        async with create(name) as blob:
            await blob.write(writer.data)

    exchange.files.create = watched  # type: ignore[method-assign] # a fake of this test's own
    await exchange.dispatch(batch_id)
    assert max(written) < 2 << 20
    assert len(written) < 7
