"""How programs that use the SDK write JSON, and how the exchange reads it."""

import json
from typing import Any
from uuid import UUID

from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest
from tests.results import ORIGIN, ORIGIN_FIELDS
from tests.sdk.documents import TWO, Json

_MAX_LINE_BYTES = 1 << 20


def serialize(model: Any) -> list[bytes]:
    """Return the JSON of an object of the SDK, in each way in which programs write it."""
    lines = [model.model_dump_json(), json.dumps(model.model_dump(mode="json"))]
    if hasattr(model, "to_jsonl"):
        lines.append(model.to_jsonl())
    return [line.encode() for line in lines]


def validate(line: bytes) -> tuple[str | None, Json]:
    """Validate a line of a result. Return its error in the report, and the enhancement that is imported."""
    validated = EntryValidator(Manifest([UUID(TWO)]), ORIGIN, _MAX_LINE_BYTES).validate([line])
    result: Json = json.loads(validated.draft_report)
    accepted: Json = json.loads(validated.accepted) if validated.accepted else {}
    return result["error"], {name: value for name, value in accepted.items() if name not in {"line", *ORIGIN_FIELDS}}


def is_imported_unchanged(line: bytes) -> bool:
    """Return whether the entry is imported with every field as it was sent, except the id, which the exchange sets."""
    error, enhancement = validate(line)
    sent: Json = json.loads(line)
    return error is None and {**enhancement, "id": None} == {**sent, "id": None}
