"""The behaviour of every `BatchStore`."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from exchange.adapters.cosmos.batches import CosmosBatchStore
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.domain.batch import Batch, Progress, Upload, Validation, ValidationClaim
from exchange.domain.errors import NameTaken, NotFound, WriteConflict
from exchange.domain.lifecycle import register
from exchange.ports import BatchStore, OpenBatch
from tests.fakes.world import DEADLINES, START


def a_batch(**fields: object) -> Batch:
    request = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[uuid4()], source="żółć 文")
    return replace(register(uuid4(), request, "requestor", START + 0.123456, DEADLINES).batch, **fields)  # type: ignore[arg-type] # the test chooses the fields


async def test_a_batch_is_read_back_unchanged(batches: BatchStore) -> None:
    full = a_batch(
        status=BatchStatus.IMPORTING,
        error="no",
        fingerprint="0f",
        manifest=uuid4(),
        metadata={"review": "文", "": "", "__proto__": "x", "$ref": "a.b", "id": "]['\"\\\x00\n@", " ": "b" * 512},
        snapshot=uuid4(),
        upload=Upload(etag='"0x1"', last_modified=START + 0.5, size=2**40),
        validation_claim=ValidationClaim(
            holder=uuid4(), upload=Upload(etag='"0x2"', last_modified=START + 1.5, size=2**41)
        ),
        validation=Validation(attempt=uuid4(), etag='"0x1"', entries=3, accepted=2, missing=1, fault="f"),
        progress=Progress(chunks=2, offset=2**40, added=5, refused=2, refused_chunks=(1, 2)),
        import_started=True,
        robot_version="2 文",
        skipped_count=1,
        selected=uuid4(),
        trace="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )
    for batch in (a_batch(), full):
        await batches.create(batch)
        assert (await batches.load(batch.id)).batch == batch


LATER_FIELDS = [
    *("trace", "validation_claim", "metadata", "fingerprint", "manifest", "robot_version", "skipped_count", "selected"),
    *("error_code", "test_run", "outcome", "cancel_requested_at", "last_chunk", "retry_of", "retried_as", "notify_due"),
    *("division", "lease"),
]


@pytest.mark.parametrize("field", LATER_FIELDS)
async def test_an_item_without_a_later_field_is_read(database: CosmosDatabase, field: str) -> None:
    batches, batch = CosmosBatchStore(database), a_batch()
    await batches.create(batch)
    container = await database.container("batches")
    item = await container.read_item(str(batch.id), partition_key=str(batch.id))
    del item[field]
    await container.replace_item(str(batch.id), item)
    assert (await batches.load(batch.id)).batch == batch


async def test_creating_a_batch_twice_changes_nothing(batches: BatchStore) -> None:
    batch = a_batch()
    await batches.create(batch)
    await batches.create(replace(batch, error="other"))
    assert (await batches.load(batch.id)).batch == batch


async def test_creating_another_batch_with_the_same_id_is_refused(batches: BatchStore) -> None:
    batch = a_batch()
    await batches.create(batch)
    for other in (
        {"created_at": batch.created_at + 1},
        {"requestor": "other"},
        {"robot_id": uuid4()},
        {"manifest": uuid4()},
    ):
        with pytest.raises(NameTaken):
            await batches.create(replace(batch, **other))
    assert (await batches.load(batch.id)).batch == batch


async def test_an_unknown_batch_is_not_found(batches: BatchStore) -> None:
    with pytest.raises(NotFound):
        await batches.load(uuid4())
    with pytest.raises(NotFound):
        await batches.replace(a_batch(), '"etag"')


async def test_a_write_returns_the_etag_for_the_next_one(batches: BatchStore) -> None:
    batch = a_batch()
    await batches.create(batch)
    etag = await batches.replace(replace(batch, error="first"), (await batches.load(batch.id)).etag)
    assert (await batches.load(batch.id)).etag == etag
    await batches.replace(replace(batch, error="second"), etag)
    assert (await batches.load(batch.id)).batch.error == "second"


async def test_a_write_with_an_old_etag_is_a_conflict(batches: BatchStore) -> None:
    batch = a_batch()
    await batches.create(batch)
    stored = await batches.load(batch.id)
    await batches.replace(replace(batch, error="first"), stored.etag)
    with pytest.raises(WriteConflict):
        await batches.replace(replace(batch, error="second"), stored.etag)
    fresh = await batches.load(batch.id)
    assert fresh.batch.error == "first"
    assert fresh.etag != stored.etag


async def test_overdue_batches_are_listed_longest_overdue_first(batches: BatchStore) -> None:
    soon, late, ended, future = (
        a_batch(due_at=START - 10),
        a_batch(due_at=START - 20),
        a_batch(due_at=None),
        a_batch(due_at=START + 10),
    )
    for batch in (soon, late, ended, future):
        await batches.create(batch)

    async def list_overdue(now: float) -> list[UUID]:
        # The store has batches of other tests too.
        ids = {soon.id, late.id, ended.id, future.id}
        return [batch_id async for batch_id in batches.list_overdue(now) if batch_id in ids]

    assert await list_overdue(START) == [late.id, soon.id]
    assert await list_overdue(START - 15) == [late.id]
    stored = await batches.load(late.id)
    await batches.replace(replace(late, due_at=None), stored.etag)
    assert await list_overdue(START + 10) == [soon.id, future.id]


async def test_a_batch_is_deleted_only_with_its_etag(batches: BatchStore) -> None:
    batch = a_batch()
    await batches.create(batch)
    old = (await batches.load(batch.id)).etag
    etag = await batches.replace(replace(batch, error="changed"), old)
    with pytest.raises(WriteConflict):
        await batches.delete(batch.id, old)
    assert (await batches.load(batch.id)).batch.error == "changed"
    await batches.delete(batch.id, etag)
    with pytest.raises(NotFound):
        await batches.load(batch.id)
    with pytest.raises(NotFound):
        await batches.delete(batch.id, etag)


async def test_open_batches_of_a_requestor_are_counted_up_to_a_limit(batches: BatchStore) -> None:
    requestor = str(uuid4())
    same_age = sorted((a_batch(requestor=requestor) for _ in range(3)), key=lambda batch: batch.id.hex)
    older = a_batch(requestor=requestor, created_at=START - 1)
    ended = a_batch(requestor=requestor, created_at=START - 2, status=BatchStatus.FAILED, due_at=None)
    for batch in (*same_age, older, ended, a_batch(requestor="other")):
        await batches.create(batch)
    assert [await batches.count_open(requestor, limit) for limit in (1, 4, 9)] == [1, 4, 4]
    assert await batches.count_open(requestor, 9, older_than=older) == 0
    assert [await batches.count_open(requestor, 9, older_than=batch) for batch in same_age] == [1, 2, 3]
    assert await batches.count_open(requestor, 2, older_than=same_age[2]) == 2


async def test_a_batch_that_has_ended_is_not_open_while_its_webhooks_are_not_notified(batches: BatchStore) -> None:
    requestor = f"requestor {uuid4()}"
    for fields in ({}, {"status": BatchStatus.IMPORTING}, {"status": BatchStatus.FAILED}, {"requestor": "another"}):
        await batches.create(a_batch(**{"requestor": requestor, **fields}))
    assert [await batches.count_open(requestor, limit) for limit in (1, 2, 9)] == [1, 2, 2]


async def test_every_batch_that_has_not_ended_is_listed_as_open(batches: BatchStore) -> None:
    # The store has batches of other tests too. These are recognised by their time.
    first, second, ended = (a_batch(created_at=START - 1e6 - age) for age in range(3))
    second = replace(second, status=BatchStatus.ACCEPTED)
    # A batch that has ended keeps its deadline until its webhooks are notified.
    for batch in (first, second, replace(ended, status=BatchStatus.FAILED)):
        await batches.create(batch)
    times = {first.created_at, second.created_at, ended.created_at}
    found = [batch async for batch in batches.list_open() if batch.created_at in times]
    assert sorted(found, key=lambda batch: -batch.created_at) == [
        OpenBatch(batch.status, batch.created_at, batch.due_at or 0.0, import_started=False, robot_id=batch.robot_id)
        for batch in (first, second)
    ]


async def test_the_newest_batches_of_a_robot_are_listed(batches: BatchStore) -> None:
    robot_id, other = uuid4(), uuid4()
    mine = [a_batch(robot_id=robot_id, created_at=START + age, due_at=None if age % 2 else START) for age in range(5)]
    for batch in (*mine[::2], *mine[1::2], a_batch(robot_id=other, created_at=START + 1)):
        await batches.create(batch)
    assert await batches.list_of_robot(robot_id, START, 10) == mine[::-1]
    assert await batches.list_of_robot(robot_id, START + 2, 10) == mine[:1:-1]
    assert await batches.list_of_robot(robot_id, START, 2) == mine[:2:-1]
    assert await batches.list_of_robot(uuid4(), START, 10) == []
