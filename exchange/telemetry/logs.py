"""Fields on log records: the batch and the robot that a record is about."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_fields: ContextVar[dict[str, str] | None] = ContextVar("fields", default=None)
_ADDS_FIELDS = "adds_fields"


@contextmanager
def bind_log_fields(**fields: object) -> Iterator[None]:
    """Add these fields to every record that is logged inside the context.

    A nested call adds its fields to the outermost context, where they stay until that ends. A trigger that learns the
    robot only while it handles a message can therefore log the robot with the result.
    """
    new = {name: str(value) for name, value in fields.items()}
    outer = _fields.get()
    if outer is not None:
        outer.update(new)
        yield
        return
    token = _fields.set(new)
    try:
        yield
    finally:
        _fields.reset(token)


def current_log_fields() -> Mapping[str, str]:
    """Return the fields that are bound now."""
    return _fields.get() or {}


def add_fields_to_records() -> None:
    """Add the bound fields to every log record of this process as attributes. A second call changes nothing."""
    make_record = logging.getLogRecordFactory()
    if getattr(make_record, _ADDS_FIELDS, False):
        return

    def make_record_with_fields(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        vars(record).update(current_log_fields())
        return record

    setattr(make_record_with_fields, _ADDS_FIELDS, True)
    logging.setLogRecordFactory(make_record_with_fields)
