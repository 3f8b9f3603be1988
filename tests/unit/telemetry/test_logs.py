"""Fields on log records."""

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest

from exchange.domain.errors import InputRejected
from exchange.ports import Services, StoredBatch
from exchange.telemetry.logs import add_fields_to_records, bind_log_fields
from exchange.telemetry.operations import batch_operation
from functions.errors import apply_error_policy
from tests.fakes.world import World
from tests.unit.domain.batches import a_batch

log = logging.getLogger("exchange.test")


@pytest.fixture(autouse=True)
def record_factory() -> Iterator[None]:
    make_record = logging.getLogRecordFactory()
    add_fields_to_records()
    yield
    logging.setLogRecordFactory(make_record)


def fields_of(record: logging.LogRecord) -> dict[str, str]:
    return {name: value for name, value in vars(record).items() if name.endswith("_id")}


async def test_records_inside_an_operation_have_the_batch_and_the_robot(caplog: pytest.LogCaptureFixture) -> None:
    @batch_operation("work")
    async def work(_stored: StoredBatch, _services: Services) -> None:
        log.info("inside")

    world, batch = World(), a_batch()
    await world.batches.create(batch)
    with caplog.at_level(logging.INFO):
        log.info("before")
        await work(batch.id, world.services)
        log.info("after")
    assert [fields_of(record) for record in caplog.records] == [
        {},
        {"batch_id": str(batch.id), "robot_id": str(batch.robot_id)},
        {},
    ]


async def test_the_record_of_a_failed_message_has_the_robot_too(caplog: pytest.LogCaptureFixture) -> None:
    """The robot is known only after the batch is loaded, which is inside the context of the message."""

    @batch_operation("work")
    async def work(_stored: StoredBatch, _services: Services) -> None:
        raise InputRejected("no")

    world, batch = World(), a_batch()
    await world.batches.create(batch)
    async with apply_error_policy(batch.id):
        await work(batch.id, world.services)
    (record,) = caplog.records
    assert fields_of(record) == {"batch_id": str(batch.id), "robot_id": str(batch.robot_id)}


async def test_concurrent_contexts_do_not_mix_their_fields(caplog: pytest.LogCaptureFixture) -> None:
    async def work(batch_id: object) -> None:
        with bind_log_fields(batch_id=batch_id):
            await asyncio.sleep(0)
            await asyncio.to_thread(partial(log.warning, "%s", batch_id))

    await asyncio.gather(*(work(uuid4()) for _ in range(5)))
    assert [fields_of(record) for record in caplog.records] == [
        {"batch_id": record.getMessage()} for record in caplog.records
    ]


def test_adding_fields_to_records_twice_changes_nothing() -> None:
    make_record = logging.getLogRecordFactory()
    add_fields_to_records()
    assert logging.getLogRecordFactory() is make_record
