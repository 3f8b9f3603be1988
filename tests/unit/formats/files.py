"""What the tests of formats share."""

from pathlib import Path
from typing import Any

from exchange.contract.references import Reference
from exchange.formats import Fault, Reading, Record, read_references

DATA = Path(__file__).parent / "data"
REFERENCE_ID = "11111111-1111-4111-8111-111111111111"


def read_all(path: Path, **options: Any) -> list[Reading]:
    """Return the readings of a file that has no faults."""
    found = list(read_references(path, **options))
    faults = [reading for reading in found if isinstance(reading, Fault)]
    assert faults == []
    return [reading for reading in found if isinstance(reading, Reading)]


def read_records(path: Path, **options: Any) -> list[Record]:
    return [reading.record for reading in read_all(path, **options)]


def make_reference(*annotations: dict[str, Any], source: str = "robot", **fields: Any) -> Reference:
    """Return a reference with the annotations of one robot."""
    content = {"enhancement_type": "annotation", "annotations": list(annotations)}
    enhancement = {
        "reference_id": REFERENCE_ID,
        "source": source,
        "robot_version": "1.2",
        "visibility": "public",
        "content": content,
    }
    return Reference.model_validate(
        {"id": REFERENCE_ID, "enhancements": [enhancement] if annotations else [], **fields}
    )


def boolean(label: str, *, value: bool, score: float | None = None) -> dict[str, Any]:
    return {"annotation_type": "boolean", "scheme": "design", "label": label, "value": value, "score": score}
