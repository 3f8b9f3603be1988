"""Result files as robots write them."""

import json
from typing import Any
from uuid import UUID

from exchange.domain.origin import Origin

BATCH = UUID("b0000000-0000-4000-8000-000000000000")
ROBOT = UUID("c0000000-0000-4000-8000-000000000000")
ORIGIN = Origin(BATCH, ROBOT, 1_800_000_000.25)
ORIGIN_FIELDS = {
    "created_at": "2027-01-15T08:00:00.250000Z",
    "batch_request_id": str(BATCH),
    "robot_id": str(ROBOT),
}


def annotation(reference_id: UUID | str, label: str = "cohort", **fields: Any) -> dict[str, Any]:
    """Return an enhancement as a robot sends it."""
    return {
        "reference_id": str(reference_id),
        "source": "test robot",
        "visibility": "public",
        "content": {
            "enhancement_type": "annotation",
            "annotations": [
                {"annotation_type": "boolean", "scheme": "design", "label": label, "value": True, "score": 0.5}
            ],
        },
        **fields,
    }


def jsonl(*entries: Any) -> bytes:
    """Return a result file with one line for each entry. Bytes are written unchanged."""
    return b"".join((item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in entries)
