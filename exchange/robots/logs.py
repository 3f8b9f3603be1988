"""The log of a robot: JSON lines or text, with the id of the batch, and without signatures."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_batch_id: ContextVar[str | None] = ContextVar("batch_id", default=None)

# An author's function may log or raise anything, also the error of an HTTP client with its URL.
_SIGNATURE = re.compile(r"(sig=|signature (?=[0-9a-f]{32}))[^&\s\"'<>)]+", re.IGNORECASE)


@contextmanager
def bind_batch(batch_id: str) -> Iterator[None]:
    """Add the id to every record that is logged inside the context."""
    token = _batch_id.set(batch_id)
    try:
        yield
    finally:
        _batch_id.reset(token)


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if batch_id := _batch_id.get():
            fields["batch_id"] = batch_id
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps({name: hide_signatures(value) for name, value in fields.items()})


class TextFormatter(logging.Formatter):
    """Formats a record as text for a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - a method of the standard library
        """Return the first line of the record."""
        batch_id = _batch_id.get()
        return f"{super().formatMessage(record)} batch_id={batch_id}" if batch_id else super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """Return the text."""
        return hide_signatures(super().format(record))


FORMATTERS: dict[str, type[logging.Formatter]] = {"json": JsonFormatter, "text": TextFormatter}


def set_up_logs(form: str) -> None:
    """Log to stderr in this form, one of `FORMATTERS`."""
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATTERS[form]())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def hide_signatures(text: str) -> str:
    """Return the text without the signatures of URLs and requests."""
    return _SIGNATURE.sub(r"\1...", text)
