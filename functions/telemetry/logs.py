"""Marks on log records: which batch and which robot they are about."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_facts: ContextVar[dict[str, str] | None] = ContextVar("facts", default=None)
_MARKS = "marks_records"


@contextmanager
def about(**facts: object) -> Iterator[None]:
    """Mark every record that is logged meanwhile with these facts.

    What is said further in holds for the whole of the outermost one from then on: whoever takes in a message does not
    know its robot yet, but has to log how it went.
    """
    told = {name: str(fact) for name, fact in facts.items()}
    outer = _facts.get()
    if outer is not None:
        outer.update(told)
        yield
        return
    token = _facts.set(told)
    try:
        yield
    finally:
        _facts.reset(token)


def facts() -> Mapping[str, str]:
    """Return what is being handled."""
    return _facts.get() or {}


def mark_records() -> None:
    """Give every record of this process the facts as attributes, from now on."""
    make = logging.getLogRecordFactory()
    if getattr(make, _MARKS, False):
        return

    def marked(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        vars(record).update(facts())
        return record

    setattr(marked, _MARKS, True)
    logging.setLogRecordFactory(marked)
