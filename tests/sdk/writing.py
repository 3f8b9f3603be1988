"""How programs that are written with the SDK write JSON, and what the exchange takes of it."""

import json
from typing import Any
from uuid import UUID

from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest
from tests.sdk.documents import TWO, Json

_LONGEST_LINE = 1 << 20


def written(made: Any) -> list[bytes]:
    """Write it in each way that the SDK has, as httpx sends what was dumped for it."""
    lines = [made.model_dump_json(), json.dumps(made.model_dump(mode="json"))]
    if hasattr(made, "to_jsonl"):
        lines.append(made.to_jsonl())
    return [line.encode() for line in lines]


def checked(line: bytes) -> tuple[str | None, Json]:
    """Check the line as an entry of a result; return what is wrong with it, and the enhancement that is imported."""
    checked = EntryValidator(Manifest([UUID(TWO)]), _LONGEST_LINE).validate([line])
    verdict: Json = json.loads(checked.draft_report)
    accepted: Json = json.loads(checked.accepted)["enhancement"] if checked.accepted else {}
    return verdict["error"], accepted


def imported(line: bytes) -> bool:
    """Say whether the entry is imported with every field as it was sent, but for its id, which is ours to give."""
    error, enhancement = checked(line)
    sent: Json = json.loads(line)
    return error is None and {**enhancement, "id": None} == {**sent, "id": None}
