import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import Robot
from exchange.domain.ids import new_id
from exchange.use_cases.write_snapshot import write_snapshot
from tests.fakes.files import FakeWriter
from tests.unit.use_cases.conftest import Exchange

CONTENT = {"enhancement_type": "abstract", "process": "other", "abstract": "a" * 400_000}
LARGE = {"source": "s", "visibility": "public", "enhancement_type": "abstract", "content": CONTENT}


async def load_large_references(exchange: Exchange) -> None:
    """Load references with long abstracts, and register a robot that depends on abstracts.

    The snapshot of all of them is several times as long as `_FLUSH_BYTES`.
    """
    exchange.robot = exchange.robot.model_copy(
        update={"id": new_id(), "name": "reads abstracts", "dependent_enhancements": ["abstract"]}
    )
    await exchange.robots.create(exchange.robot)
    reference = ReferenceFileInput.model_validate({"enhancements": [LARGE]})
    exchange.reference_ids = [await exchange.load(reference) for _ in range(7)]


async def test_each_large_reference_is_written_exactly_once(exchange: Exchange) -> None:
    await load_large_references(exchange)
    batch_id = await exchange.register_and_dispatch()
    blob = exchange.files.blobs[f"{batch_id}/{exchange.get_batch(batch_id).snapshot}/reference_data.jsonl"]
    references = [json.loads(line) for line in blob.splitlines()]
    assert [item["id"] for item in references] == [str(item) for item in exchange.reference_ids]
    assert all(item["enhancements"][0]["content"] == CONTENT for item in references)


async def test_the_parts_of_a_reference_are_one_line(exchange: Exchange) -> None:
    await load_large_references(exchange)
    for number in range(5):
        content = {**CONTENT, "abstract": f"{number}"}
        known = exchange.references.enhancements_of(exchange.reference_ids[3])[0].model_dump(mode="json")
        exchange.references.put({**known, "id": str(new_id()), "content": content})
    exchange.references.part_size = 2
    batch_id = await exchange.register_and_dispatch()
    blob = exchange.files.blobs[f"{batch_id}/{exchange.get_batch(batch_id).snapshot}/reference_data.jsonl"]
    references = [json.loads(line) for line in blob.splitlines()]
    assert [len(item["enhancements"]) for item in references] == [1, 1, 1, 6, 1, 1, 1]


async def test_references_are_written_in_groups_of_bounded_size(exchange: Exchange) -> None:
    await load_large_references(exchange)
    batch_id = await exchange.register()
    create = exchange.files.create
    written: list[int] = []

    class WatchedWriter(FakeWriter):
        async def write(self, data: bytes | bytearray) -> None:
            written.append(len(data))
            await super().write(data)

    @asynccontextmanager
    async def create_watched(name: str) -> AsyncIterator[FakeWriter]:
        writer = WatchedWriter()
        yield writer
        async with create(name) as blob:
            await blob.write(writer.data)

    exchange.files.create = create_watched  # type: ignore[method-assign] # replaces the fake
    await exchange.dispatch(batch_id)
    assert max(written) < 2 << 20
    assert len(written) < 7


@pytest.mark.parametrize(("delivery", "left"), [("push", ["a/b", "c"]), ("pull", ["c"])])
async def test_only_robots_that_fetch_miss_annotations_that_their_sdk_refuses(
    exchange: Exchange, delivery: str, left: list[str]
) -> None:
    robot = {**exchange.robot.model_dump(), "id": new_id(), "name": delivery, "delivery": delivery}
    exchange.robot = Robot.model_validate({**robot, "dependent_enhancements": ["annotation"]})
    await exchange.robots.create(exchange.robot)
    annotations = [
        {"annotation_type": "score", "scheme": scheme, "label": "l", "score": 1.0} for scheme in ("a/b", "c")
    ]
    content = {"enhancement_type": "annotation", "annotations": annotations}
    loaded = ReferenceFileInput.model_validate(
        {"enhancements": [{**LARGE, "enhancement_type": "annotation", "content": content}]}
    )
    exchange.reference_ids = [await exchange.load(loaded)]
    batch_id = await exchange.register()
    await write_snapshot(exchange.get_batch(batch_id), attempt := new_id(), exchange.services)
    # The ids of a part are a piece of those of its batch request, so the whole can be written, too.
    (line,) = exchange.files.blobs[f"{batch_id}/{attempt}/reference_data.jsonl"].splitlines()
    (enhancement,) = json.loads(line)["enhancements"]
    assert [item["scheme"] for item in enhancement["content"]["annotations"]] == left
