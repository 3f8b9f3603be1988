"""Marks on log records."""

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from uuid import uuid4

import pytest

from exchange.domain.errors import InputRejected
from exchange.telemetry.logs import bind_log_fields, add_fields_to_records
from exchange.telemetry.operations import handling
from functions.errors import outcome
from tests.unit.domain.batches import a_batch

log = logging.getLogger("functions.test")


@pytest.fixture(autouse=True)
def marked() -> Iterator[None]:
    make = logging.getLogRecordFactory()
    add_fields_to_records()
    yield
    logging.setLogRecordFactory(make)


def marks(record: logging.LogRecord) -> dict[str, str]:
    return {name: value for name, value in vars(record).items() if name.endswith("_id")}


def test_what_is_logged_meanwhile_is_marked(caplog: pytest.LogCaptureFixture) -> None:
    batch = a_batch()
    with caplog.at_level(logging.INFO):
        log.info("before")
        with handling("work", batch):
            log.info("meanwhile")
        log.info("after")
    assert [marks(record) for record in caplog.records] == [
        {},
        {"batch_id": str(batch.id), "robot_id": str(batch.robot_id)},
        {},
    ]


async def test_how_a_message_went_is_marked_with_the_robot_too(caplog: pytest.LogCaptureFixture) -> None:
    batch = a_batch()
    async with outcome(batch.id):
        with handling("work", batch):
            raise InputRejected("no")
    (record,) = caplog.records
    assert marks(record) == {"batch_id": str(batch.id), "robot_id": str(batch.robot_id)}


async def test_two_at_once_keep_apart(caplog: pytest.LogCaptureFixture) -> None:
    async def work(batch_id: object) -> None:
        with bind_log_fields(batch_id=batch_id):
            await asyncio.sleep(0)
            await asyncio.to_thread(partial(log.warning, "%s", batch_id))

    await asyncio.gather(*(work(uuid4()) for _ in range(5)))
    assert [marks(record) for record in caplog.records] == [
        {"batch_id": record.getMessage()} for record in caplog.records
    ]


def test_marking_twice_marks_once() -> None:
    make = logging.getLogRecordFactory()
    add_fields_to_records()
    assert logging.getLogRecordFactory() is make
