"""Lines of files with labels, and the sides that are read from them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from exchange.compare.catalogue import Catalogue
from exchange.compare.comparison import Absent, Comparison, compare
from exchange.compare.labels import Labelling, LabelPair

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)

Json = dict[str, Any]


def make_id(number: int) -> str:
    return str(UUID(int=number, version=4))


def boolean(label: str, value: bool = True, score: float | None = None, **fields: Any) -> Json:  # noqa: FBT001, FBT002 - as on the wire
    fields = {"scheme": "topic", **fields}
    return {"annotation_type": "boolean", "label": label, "value": value, "score": score, **fields}


def scored(label: str, score: float, **fields: Any) -> Json:
    return {"annotation_type": "score", "scheme": "topic", "label": label, "score": score, **fields}


def make_enhancement(annotations: list[Json], source: str = "robot") -> Json:
    content = {"enhancement_type": "annotation", "annotations": annotations}
    return {"source": source, "visibility": "public", "enhancement_type": "annotation", "content": content}


def make_title(title: str) -> Json:
    content = {"enhancement_type": "bibliographic", "title": title}
    return {"source": "load", "visibility": "public", "enhancement_type": "bibliographic", "content": content}


def to_line(value: Json) -> bytes:
    return json.dumps(value).encode()


def read_side(name: str, annotations: Mapping[int, list[Json]], threshold: float = 0.5) -> Labelling:
    """Return a side that has these annotations of the references with these numbers."""
    side = Labelling(name, threshold)
    side.read_enhancements(
        to_line({**make_enhancement(of_reference), "reference_id": make_id(number)})
        for number, of_reference in annotations.items()
    )
    return side


def read_titles(titles: Mapping[int, str]) -> Catalogue:
    catalogue = Catalogue()
    catalogue.add_references(
        to_line({"id": make_id(number), "enhancements": [make_title(title)]}) for number, title in titles.items()
    )
    return catalogue


def compare_sides(
    a: Mapping[int, list[Json]],
    b: Mapping[int, list[Json]],
    titles: Mapping[int, str] | None = None,
    absent: Absent = Absent.FALSE,
    mapping: list[LabelPair] | None = None,
) -> Comparison:
    return compare(
        read_side("people", a),
        read_side("robot", b),
        read_titles(titles or {}),
        AT,
        mapping=mapping or [],
        absent=absent,
    )
