"""Retrying a batch: the references that it did not enhance, once."""

from dataclasses import replace
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchRetryIn, BatchStatus
from exchange.contract.robots import Robot
from exchange.domain.batch import Batch
from exchange.domain.callers import Role, User
from exchange.domain.errors import Conflict, Forbidden, Unavailable
from exchange.domain.ids import new_id
from exchange.domain.messages import DispatchMessage
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.register_once import Registered
from exchange.use_cases.retry_batch import retry_batch
from tests.results import annotation
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, Exchange, read_now


async def retry(exchange: Exchange, batch_id: UUID, robot_id: UUID | None = None, user: User = REQUESTOR) -> Registered:
    return await retry_batch(batch_id, BatchRetryIn(robot_id=robot_id), user, exchange.services)


async def run(exchange: Exchange, *entries: object) -> UUID:
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id, *entries)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    return batch_id


async def test_the_references_that_were_not_enhanced_are_requested_again(exchange: Exchange) -> None:
    """The third one was refused by the store, the fourth one is missing, and the second one has an error."""
    exchange.references.largest_item = 1500
    one, two, three, four, five = exchange.reference_ids
    error = {"reference_id": str(two), "message": "no abstract"}
    batch_id = await run(
        exchange, annotation(one), error, annotation(three, source="x" * 2000), annotation(five), annotation(five, "b")
    )
    registered = await retry(exchange, batch_id)
    assert not registered.replayed
    again = registered.batch
    assert again.reference_ids == [two, three, four]
    assert (again.retry_of, again.robot_id, again.request_status) == (batch_id, exchange.robot.id, "received")
    assert exchange.get_last_dispatch() == DispatchMessage(again.id, 1)
    assert (await read_now(batch_id, REQUESTOR, exchange.services)).retried_as == again.id


async def test_a_batch_that_imported_nothing_is_retried_completely(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.call_back(batch_id, "no memory")
    assert (await retry(exchange, batch_id)).batch.reference_ids == exchange.reference_ids


async def test_a_stalled_import_is_retried_without_what_its_chunks_added(exchange: Exchange) -> None:
    batch_id = await exchange.dispatch_and_upload()
    await exchange.call_back(batch_id)
    chunks = 0
    import_entries = exchange.references.import_entries

    def fail_at_the_second(entries: object) -> object:
        nonlocal chunks
        chunks += 1
        if chunks == 2:
            raise Unavailable("The store is down.")
        return import_entries(entries)  # type: ignore[arg-type] # passes on what it got

    exchange.references.import_entries = fail_at_the_second  # type: ignore[method-assign, assignment] # replaces the fake
    with pytest.raises(Unavailable):
        await exchange.run_import(batch_id)
    stored = exchange.batches.items[batch_id]
    exchange.batches.items[batch_id] = replace(
        stored, batch=replace(stored.batch, status=BatchStatus.FAILED, due_at=None)
    )
    assert (await retry(exchange, batch_id)).batch.reference_ids == exchange.reference_ids[4:]


async def test_a_repeated_retry_is_the_same_batch(exchange: Exchange) -> None:
    batch_id = await run(exchange, annotation(exchange.reference_ids[0]))
    first, second = await retry(exchange, batch_id), await retry(exchange, batch_id)
    assert (first.replayed, second.replayed) == (False, True)
    assert first.batch.id == second.batch.id
    assert len(exchange.batches.items) == 2


async def test_a_retry_that_failed_after_its_registration_is_completed_by_the_next_call(exchange: Exchange) -> None:
    batch_id = await run(exchange, annotation(exchange.reference_ids[0]))
    replace_batch = exchange.batches.replace

    async def fail(batch: Batch, etag: str) -> str:
        if batch.id == batch_id:
            raise Unavailable("The store is down.")
        return await replace_batch(batch, etag)

    exchange.batches.replace = fail  # type: ignore[method-assign] # the original cannot be written
    with pytest.raises(Unavailable):
        await retry(exchange, batch_id)
    exchange.batches.replace = replace_batch  # type: ignore[method-assign] # the store is up again
    assert (await retry(exchange, batch_id)).replayed
    assert exchange.get_batch(batch_id).retried_as is not None


async def test_a_retry_may_have_another_robot_but_only_one(exchange: Exchange) -> None:
    batch_id = await run(exchange, annotation(exchange.reference_ids[0]))
    other = Robot(id=new_id(), name="other", base_url="https://other.test", description="", owner="")
    await exchange.robots.create(other)
    assert (await retry(exchange, batch_id, other.id)).batch.robot_id == other.id
    assert (await retry(exchange, batch_id)).batch.robot_id == other.id
    with pytest.raises(Conflict, match="already retried with another robot"):
        await retry(exchange, batch_id, exchange.robot.id)


async def test_source_metadata_and_test_run_are_kept(exchange: Exchange) -> None:
    request = BatchEnhancementRequestIn(
        robot_id=exchange.robot.id,
        reference_ids=exchange.reference_ids,
        source="my review",
        metadata={"a": "b"},
        test_run=True,
    )
    batch_id = (await register_batch(request, REQUESTOR, exchange.services)).id
    await exchange.dispatch(batch_id)
    await exchange.call_back(batch_id, "no memory")
    again = (await retry(exchange, batch_id)).batch
    assert (again.source, again.metadata, again.test_run) == ("my review", {"a": "b"}, True)


async def test_nothing_is_left_of_a_completed_batch(exchange: Exchange) -> None:
    batch_id = await run(exchange, *map(annotation, exchange.reference_ids))
    with pytest.raises(Conflict, match="Every reference"):
        await retry(exchange, batch_id)
    assert len(exchange.batches.items) == 1


async def test_a_deleted_reference_is_left_out(exchange: Exchange) -> None:
    one, two, *others = exchange.reference_ids
    batch_id = await run(exchange, annotation(one))
    await exchange.references.delete(two)
    assert (await retry(exchange, batch_id)).batch.reference_ids == others


async def test_only_a_batch_that_has_ended_and_has_its_files_is_retried(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    with pytest.raises(Conflict, match="cannot be retried yet"):
        await retry(exchange, batch_id)
    batch_id = await run(exchange, annotation(exchange.reference_ids[0]))
    exchange.files.blobs.clear()
    with pytest.raises(Conflict, match="have expired"):
        await retry(exchange, batch_id)


async def test_the_retry_of_an_operator_belongs_to_the_requestor(exchange: Exchange) -> None:
    batch_id = await run(exchange, annotation(exchange.reference_ids[0]))
    with pytest.raises(Forbidden):
        await retry(exchange, batch_id, user=User("another requestor", frozenset({Role.REQUESTOR})))
    again = (await retry(exchange, batch_id, user=OPERATOR)).batch
    assert (await read_now(again.id, REQUESTOR, exchange.services)).id == again.id
