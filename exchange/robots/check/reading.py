"""What the checks read in a robot's result and in its callbacks."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import MsgspecError
from msgspec.json import decode

from exchange.contract.json_input import BYTE_ORDER_MARK
from exchange.domain.report import to_one_line
from exchange.robots.check.jobs import Json, Kind, PlayedJob


def list_entries(job: PlayedJob) -> list[Json]:
    """Return the lines of the result that are JSON objects."""
    return list(_iterate_objects((job.result or b"").removeprefix(BYTE_ORDER_MARK)))


def _iterate_objects(result: bytes) -> Iterator[Json]:
    for line in result.split(b"\n"):
        try:
            value = decode(line)
        except (MsgspecError, UnicodeDecodeError):
            continue
        if isinstance(value, dict):
            yield value


def count_absent(job: PlayedJob, references: Iterable[Json]) -> int:
    """Count the references that no entry of the result names."""
    named = {str(entry.get("reference_id")).lower() for entry in list_entries(job)}
    return sum(reference["id"] not in named for reference in references)


def find_batch_error(job: PlayedJob) -> str | None:
    """Return why the whole batch failed, in the words of the robot's last callback. None if it did not."""
    callback = job.list(Kind.CALLBACK)[-1]
    error = json.loads(callback.body).get("error")
    return None if error is None else to_one_line(str(error["message"]))


def list_items(entry: Json, name: str) -> list[Json]:
    """Return the annotations or locations of an entry, as far as they are objects."""
    content: Any = entry.get("content")
    items = content.get(name) if isinstance(content, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
