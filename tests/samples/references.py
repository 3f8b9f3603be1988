"""The sample references, in the form in which robots receive them."""

import json
from typing import Any
from uuid import uuid4

from tests.stacks import ROOT

FILE = ROOT / "samples" / "references.jsonl"

Json = dict[str, Any]


def load_samples() -> list[Json]:
    """Return the sample references with ids and with the enhancements on which the sample robot depends."""
    return [_with_ids(json.loads(line)) for line in FILE.read_bytes().splitlines()]


def make_reference(title: str | None = None, abstract: str | None = None) -> Json:
    contents: list[Json] = []
    if title is not None:
        contents.append({"enhancement_type": "bibliographic", "title": title})
    if abstract is not None:
        contents.append({"enhancement_type": "abstract", "process": "other", "abstract": abstract})
    return _with_ids({"enhancements": [{"source": "a test", "content": content} for content in contents]})


def read_texts(reference: Json) -> tuple[str, str]:
    """Return the title and the abstract. A missing one is empty."""
    contents = [enhancement["content"] for enhancement in reference["enhancements"]]
    title = next((content["title"] for content in contents if content.get("title")), "")
    return title, next((content["abstract"] for content in contents if content.get("abstract")), "")


def _with_ids(reference: Json) -> Json:
    reference_id = str(uuid4())
    enhancements = [
        {**enhancement, "id": str(uuid4()), "reference_id": reference_id, "visibility": "public"}
        for enhancement in reference["enhancements"]
        if enhancement["content"]["enhancement_type"] in {"bibliographic", "abstract"}
    ]
    return {"id": reference_id, "visibility": "public", "identifiers": [], "enhancements": enhancements}
