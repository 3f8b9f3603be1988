import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead, BatchStatus
from exchange.contract.reports import ReferenceCounts
from exchange.contract.robots import RobotSettings
from exchange.domain.errors import NameTaken
from exchange.domain.ids import new_id
from exchange.use_cases.manage_robots import configure_robot
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.sweep import sweep
from tests.results import annotation
from tests.unit.use_cases.conftest import REQUESTOR, Exchange, read_now


async def request(exchange: Exchange) -> BatchEnhancementRequestRead:
    """Request a batch of all references that are not enhanced yet."""
    body = BatchEnhancementRequestIn(
        robot_id=exchange.robot.id, reference_ids=exchange.reference_ids, skip_enhanced=True
    )
    return await register_batch(body, REQUESTOR, exchange.services)


async def set_version(exchange: Exchange, version: str | None) -> None:
    await configure_robot(exchange.robot.id, RobotSettings(version=version), exchange.services)


async def run(exchange: Exchange, batch_id: UUID, *entries: Any) -> None:
    """Dispatch the batch, and deliver and import these entries."""
    await exchange.dispatch(batch_id)
    await exchange.upload(batch_id, *entries)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)


async def enhance(exchange: Exchange, *reference_ids: UUID, **fields: Any) -> None:
    """Have the robot enhance these references in a batch of its own."""
    await run(exchange, await exchange.register(), *(annotation(item, **fields) for item in reference_ids))


def read_job(exchange: Exchange, batch_id: UUID) -> list[UUID]:
    """Return the references that the robot gets."""
    attempt = exchange.get_batch(batch_id).snapshot
    lines = exchange.files.blobs[f"{batch_id}/{attempt}/reference_data.jsonl"].splitlines()
    return [UUID(json.loads(line)["id"]) for line in lines]


async def list_selected(exchange: Exchange) -> list[UUID]:
    """Request a batch, and return the references that the robot gets."""
    batch_id = (await request(exchange)).id
    await exchange.dispatch(batch_id)
    return read_job(exchange, batch_id)


async def test_without_enhancements_nothing_is_skipped(exchange: Exchange) -> None:
    assert await list_selected(exchange) == exchange.reference_ids
    batch = next(iter(exchange.batches.items.values())).batch
    assert (batch.skipped_count, batch.selected) == (0, None)


async def test_the_robot_gets_only_the_references_that_it_has_not_enhanced(exchange: Exchange) -> None:
    first, second, *others = exchange.reference_ids
    await enhance(exchange, second, first)
    requested = await request(exchange)
    assert requested.reference_ids == exchange.reference_ids
    await exchange.dispatch(requested.id)
    assert read_job(exchange, requested.id) == others
    batch = exchange.get_batch(requested.id)
    assert (batch.reference_count, batch.skipped_count) == (5, 2)
    read = await read_now(requested.id, REQUESTOR, exchange.services)
    assert read.reference_ids == exchange.reference_ids
    assert read.counts == ReferenceCounts(requested=5, skipped=2, pending=3)


async def test_a_skipped_reference_is_not_requested_and_not_missing(exchange: Exchange) -> None:
    first, second, third, fourth, fifth = exchange.reference_ids
    await enhance(exchange, first, second)
    batch_id = (await request(exchange)).id
    await run(exchange, batch_id, annotation(first), annotation(third), annotation(fourth))
    assert exchange.get_batch(batch_id).status is BatchStatus.PARTIAL_FAILED
    assert exchange.read_report(batch_id) == [
        f"Reference {first}: Not one of the references of this batch request.",
        f"Reference {third}: Enhancement added.",
        f"Reference {fourth}: Enhancement added.",
        f"Reference {fifth}: Missing from the robot's result.",
    ]


async def test_a_batch_without_the_skipped_references_is_completed(exchange: Exchange) -> None:
    first, *others = exchange.reference_ids
    await enhance(exchange, first)
    batch_id = (await request(exchange)).id
    await run(exchange, batch_id, *map(annotation, others))
    assert exchange.get_batch(batch_id).status is BatchStatus.COMPLETED


async def test_if_all_references_are_skipped_the_batch_is_completed_at_once(exchange: Exchange) -> None:
    await enhance(exchange, *exchange.reference_ids)
    sent, calls = list(exchange.queues.sent), len(exchange.robot_calls.jobs)
    requested = await request(exchange)
    assert (requested.request_status, requested.error) == ("completed", None)
    batch = exchange.get_batch(requested.id)
    assert (batch.skipped_count, batch.ended_at, batch.due_at) == (5, exchange.clock.now, None)
    assert exchange.queues.sent == sent
    exchange.clock.now += 1e6
    await sweep(exchange.services)
    await exchange.dispatch(requested.id)
    assert exchange.get_batch(requested.id) == batch
    assert len(exchange.robot_calls.jobs) == calls
    read = await read_now(requested.id, REQUESTOR, exchange.services)
    assert read.counts == ReferenceCounts(requested=5, skipped=5)
    assert (read.reference_ids, read.validation_result_file) == (exchange.reference_ids, None)


async def test_enhancements_of_another_version_do_not_count(exchange: Exchange) -> None:
    first, second, third, *others = exchange.reference_ids
    await set_version(exchange, "1")
    await enhance(exchange, first)
    await enhance(exchange, second, robot_version="2")
    await enhance(exchange, third, robot_version="1")
    assert await list_selected(exchange) == [second, *others]
    await set_version(exchange, "2")
    assert await list_selected(exchange) == [first, third, *others]
    await set_version(exchange, "3")
    assert await list_selected(exchange) == exchange.reference_ids


async def test_without_a_version_enhancements_of_every_version_count(exchange: Exchange) -> None:
    first, second, *others = exchange.reference_ids
    await enhance(exchange, first)
    await enhance(exchange, second, robot_version="2")
    assert await list_selected(exchange) == others


async def test_enhancements_of_other_robots_and_loads_do_not_count(exchange: Exchange) -> None:
    robot = exchange.robot
    exchange.robot = robot.model_copy(update={"id": new_id(), "name": "another"})
    await exchange.robots.create(exchange.robot)
    await enhance(exchange, *exchange.reference_ids)
    exchange.robot = robot
    assert await list_selected(exchange) == exchange.reference_ids


async def test_the_version_is_that_of_the_request(exchange: Exchange) -> None:
    first, *_ = exchange.reference_ids
    await set_version(exchange, "1")
    batch_id = await exchange.register()
    await set_version(exchange, "2")
    await run(exchange, batch_id, annotation(first))
    (stored,) = exchange.references.enhancements_of(first)
    assert stored.robot_version == "1"


async def test_another_registration_of_the_same_batch_does_not_change_its_references(exchange: Exchange) -> None:
    first, second, *others = exchange.reference_ids
    await enhance(exchange, first)
    batch_id = (await request(exchange)).id
    await enhance(exchange, second)
    # As a request that is repeated under the same id, at the same time.
    services = exchange.services
    exchange.services = replace(services, new_id=iter([batch_id, new_id()]).__next__)
    exchange.clock.now += 1
    with pytest.raises(NameTaken):
        await request(exchange)
    exchange.services = services
    await exchange.dispatch(batch_id)
    assert read_job(exchange, batch_id) == [second, *others]
