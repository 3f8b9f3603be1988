"""Any number of results and references, made from the samples under new ids. The same seed makes the same inputs.

The mix of lines is that of real results: mostly annotations, a quarter abstracts, some errors of the robot, and some
lines that cannot be read.
"""

import gzip
import json
import random
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from exchange.contract.references import ReferenceFileInput
from samples.robot_from_scratch.robot import make_entry

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
SEED = 9

# The maximum number of references of a folder that are used as templates. More would not change the results.
MAX_TEMPLATES = 2_000

Json = dict[str, Any]


class Kind(StrEnum):
    """The kind of a result line."""

    ANNOTATION = "annotation"
    ABSTRACT = "abstract"
    LOCATION = "location"
    BIBLIOGRAPHIC = "bibliographic"
    ROBOT_ERROR = "robot error"
    MALFORMED = "malformed"


MIX = {
    Kind.ANNOTATION: 60,
    Kind.ABSTRACT: 25,
    Kind.LOCATION: 5,
    Kind.BIBLIOGRAPHIC: 5,
    Kind.ROBOT_ERROR: 3,
    Kind.MALFORMED: 2,
}
"""The number of lines of each kind in a hundred lines."""

_ENHANCEMENTS = (Kind.ANNOTATION, Kind.ABSTRACT, Kind.LOCATION, Kind.BIBLIOGRAPHIC)

# Each of these turns a valid line into one that the contract refuses.
_CORRUPTIONS: tuple[Callable[[bytes], bytes], ...] = (
    lambda line: line[: len(line) // 2],
    lambda line: line.replace(b'"visibility": "public"', b'"visibility": 1'),
    lambda line: line.replace(b'"content"', b'"contents"'),
    lambda line: line.replace(b'"reference_id": "', b'"reference_id": "x'),
)


def make_ids(count: int, seed: int = SEED) -> list[UUID]:
    """Return new reference ids."""
    generator = random.Random(seed)  # noqa: S311 - not for secrets
    return [UUID(int=generator.getrandbits(128), version=4) for _ in range(count)]


def generate_kinds(seed: int = SEED) -> Iterator[Kind]:
    """Yield kinds without end. Each hundred has exactly the mix, in random order."""
    generator = random.Random(seed)  # noqa: S311 - not for secrets
    hundred = [kind for kind, share in MIX.items() for _ in range(share)]
    while True:
        generator.shuffle(hundred)
        yield from hundred


class ResultMaker:
    """Makes the lines of result files. All lines differ, even if they name the same reference."""

    def __init__(self, folder: Path = SAMPLES) -> None:
        references = _load_templates(folder)
        self._rests = {kind: [_make_rest(reference, kind) for reference in references] for kind in _ENHANCEMENTS}

    def lines(self, reference_ids: Sequence[UUID], count: int | None = None, seed: int = SEED) -> Iterator[bytes]:
        """Yield one line per reference, or `count` lines that name the references in turn, without line feeds."""
        rests = {kind: cycle(rests) for kind, rests in self._rests.items()}
        corruptions = cycle(_CORRUPTIONS)
        total = len(reference_ids) if count is None else count
        for number, reference_id, kind in zip(range(total), cycle(reference_ids), generate_kinds(seed), strict=False):
            if kind is Kind.ROBOT_ERROR:
                yield b'{"reference_id": "%s", "message": "There is no abstract."}' % str(reference_id).encode()
                continue
            rest = next(rests[kind if kind in rests else Kind.ANNOTATION])
            line = _make_line(reference_id, number, rest)
            yield line if kind in rests else next(corruptions)(line)

    def make_file(self, reference_ids: Sequence[UUID], count: int | None = None, seed: int = SEED) -> bytes:
        """Return a complete result file."""
        return b"".join(line + b"\n" for line in self.lines(reference_ids, count, seed))


def make_long_line(reference_id: UUID, number: int, size: int) -> bytes:
    """Return a line of `size` bytes with an abstract."""
    content = {"enhancement_type": "abstract", "process": "other", "abstract": ""}
    short = _make_line(reference_id, number, json.dumps({"content": content}).encode())
    return short.replace(b'"abstract": ""', b'"abstract": "%s"' % (b"a" * (size - len(short))))


def make_dense_line(reference_id: UUID, number: int, size: int) -> bytes:
    """Return a line of at most `size` bytes that needs the most memory as Python objects: one with empty objects."""
    label = {"annotation_type": "boolean", "scheme": "", "label": "", "value": True, "data": {"": []}}
    content = {"enhancement_type": "annotation", "annotations": [label]}
    short = _make_line(reference_id, number, json.dumps({"content": content}).encode())
    return short.replace(b"[]", b"[%s]" % b",".join([b"{}"] * ((size - len(short)) // 3)))


def make_references(count: int, folder: Path = SAMPLES) -> Iterator[Json]:
    """Yield references for loading. Each has unique identifiers: those of the folder, as far as it has enough."""
    templates = cycle(_load_templates(folder))
    real_identifiers = _read_identifiers(folder)
    for number, template in zip(range(count), templates, strict=False):
        generated = [{"identifier_type": "other", "identifier": str(number), "other_identifier_name": "benchmark"}]
        yield {**template, "identifiers": next(real_identifiers, generated)}


def _make_line(reference_id: UUID, number: int, rest: bytes) -> bytes:
    head = b'{"reference_id": "%s", "robot_version": "1.%d", "source": "benchmark", "visibility": "public", '
    return head % (str(reference_id).encode(), number) + rest[1:]


def _make_rest(reference: Json, kind: Kind) -> bytes:
    return json.dumps({"content": _make_content(reference, kind)}).encode()


def _make_content(reference: Json, kind: Kind) -> Json:
    """Return content of this kind for a reference. Annotations are those of the sample robot."""
    contents = {enhancement["enhancement_type"]: enhancement["content"] for enhancement in reference["enhancements"]}
    if kind is Kind.ANNOTATION:
        enhancements = [
            {"id": str(number), **enhancement} for number, enhancement in enumerate(reference["enhancements"])
        ]
        annotated: Json = make_entry({"id": "", "enhancements": enhancements})["content"]
        return annotated
    if kind is Kind.LOCATION:
        url = f"https://example.org/{contents['bibliographic']['title'][:40].replace(' ', '-')}"
        location = {"is_oa": True, "version": "publishedVersion", "landing_page_url": url, "pdf_url": f"{url}.pdf"}
        return {"enhancement_type": "location", "locations": [{**location, "license": "cc-by"}]}
    content: Json = contents[str(kind)]
    return content


def _read_identifiers(folder: Path) -> Iterator[list[Json]]:
    """Yield the identifiers in the compressed files of the folder, without those that the contract refuses."""
    for reference in _read(folder, compressed=True):
        try:
            accepted = ReferenceFileInput.model_validate({"identifiers": reference["identifiers"]}, strict=False)
        except ValidationError:
            continue
        yield accepted.model_dump(mode="json")["identifiers"]


def _load_templates(folder: Path) -> list[Json]:
    """Return the references that have a title and an abstract. Raises ValueError if there are none."""
    found: list[Json] = []
    for reference in _read(folder):
        types = {enhancement["enhancement_type"] for enhancement in reference["enhancements"]}
        if {"bibliographic", "abstract"} <= types:
            found.append(reference)
        if len(found) == MAX_TEMPLATES:
            break
    if not found:
        raise ValueError(f"{folder} must have references with a title and an abstract")
    return found


def _read(folder: Path, *, compressed: bool = False) -> Iterator[Json]:
    """Yield the references in the files of a folder. Those in compressed files have identifiers only."""
    pattern = "*.jsonl.gz" if compressed else "*.jsonl"
    for file in sorted(folder.glob(pattern)):
        with gzip.open(file) if compressed else file.open("rb") as lines:
            yield from map(json.loads, lines)
