"""Results and references in any number, made of the samples by repeating them under other ids. The same seed, the same.

The mix is that of real results: mostly annotations, every fourth an abstract, some that the robot had no answer for and
some that can't be read.
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
from samples.robot.robot import make_entry

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
SEED = 9

# Of a folder of more, this many references are made templates of: more would tell nothing new.
MOST_TEMPLATES = 2_000

Json = dict[str, Any]
Rest = tuple[bytes, ...]


class Kind(StrEnum):
    """What a line of a result is."""

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
"""How many of a hundred lines are of each kind."""

_ENHANCEMENTS = (Kind.ANNOTATION, Kind.ABSTRACT, Kind.LOCATION, Kind.BIBLIOGRAPHIC)

# Each makes of a good line one that the contract refuses.
_SPOILED: tuple[Callable[[bytes], bytes], ...] = (
    lambda line: line[: len(line) // 2],
    lambda line: line.replace(b'"visibility": "public"', b'"visibility": 1'),
    lambda line: line.replace(b'"content"', b'"contents"'),
    lambda line: line.replace(b'"reference_id": "', b'"reference_id": "x'),
)


def ids(count: int, seed: int = SEED) -> list[UUID]:
    """Make ids of references."""
    made = random.Random(seed)  # noqa: S311 - no secrets are made of it
    return [UUID(int=made.getrandbits(128), version=4) for _ in range(count)]


def kinds(seed: int = SEED) -> Iterator[Kind]:
    """Yield kinds without end: each hundred has the mix exactly, shuffled."""
    shuffled = random.Random(seed)  # noqa: S311 - no secrets are made of it
    hundred = [kind for kind, share in MIX.items() for _ in range(share)]
    while True:
        shuffled.shuffle(hundred)
        yield from hundred


class ResultMaker:
    """Makes the lines of result files; all of them are different, however often a reference is named."""

    def __init__(self, folder: Path = SAMPLES) -> None:
        references = _templates(folder)
        self._rests = {kind: [_rest(reference, kind) for reference in references] for kind in _ENHANCEMENTS}

    def lines(self, reference_ids: Sequence[UUID], count: int | None = None, seed: int = SEED) -> Iterator[bytes]:
        """Yield a line a reference, or `count` lines that name the references in turn; without line feeds."""
        rests = {kind: cycle(rests) for kind, rests in self._rests.items()}
        spoiling = cycle(_SPOILED)
        total = len(reference_ids) if count is None else count
        for number, reference_id, kind in zip(range(total), cycle(reference_ids), kinds(seed), strict=False):
            if kind is Kind.ROBOT_ERROR:
                yield b'{"reference_id": "%s", "message": "Nothing is known of it."}' % str(reference_id).encode()
                continue
            rest = next(rests[kind if kind in rests else Kind.ANNOTATION])
            line = _line(reference_id, number, rest)
            yield line if kind in rests else next(spoiling)(line)

    def file(self, reference_ids: Sequence[UUID], count: int | None = None, seed: int = SEED) -> bytes:
        """Give a whole result file."""
        return b"".join(line + b"\n" for line in self.lines(reference_ids, count, seed))


def long_line(reference_id: UUID, number: int, size: int) -> bytes:
    """Give an abstract whose line has this many bytes."""
    content = {"enhancement_type": "abstract", "process": "other", "abstract": ""}
    short = _line(reference_id, number, json.dumps({"content": content}).encode())
    return short.replace(b'"abstract": ""', b'"abstract": "%s"' % (b"a" * (size - len(short))))


def references(count: int, folder: Path = SAMPLES) -> Iterator[Json]:
    """Yield references as they are loaded, each with identifiers of its own: real ones if the folder has as many."""
    templates = cycle(_templates(folder))
    known = _identifiers(folder)
    for number, template in zip(range(count), templates, strict=False):
        made = [{"identifier_type": "other", "identifier": str(number), "other_identifier_name": "benchmark"}]
        yield {**template, "identifiers": next(known, made)}


def _line(reference_id: UUID, number: int, rest: bytes) -> bytes:
    head = b'{"reference_id": "%s", "robot_version": "1.%d", "source": "benchmark", "visibility": "public", '
    return head % (str(reference_id).encode(), number) + rest[1:]


def _rest(reference: Json, kind: Kind) -> bytes:
    return json.dumps({"content": _content(reference, kind)}).encode()


def _content(reference: Json, kind: Kind) -> Json:
    """Say of a reference what a robot of this kind would: the samples' own robot annotates."""
    known = {one["enhancement_type"]: one["content"] for one in reference["enhancements"]}
    if kind is Kind.ANNOTATION:
        enhancements = [{"id": str(number), **one} for number, one in enumerate(reference["enhancements"])]
        annotated: Json = make_entry({"id": "", "enhancements": enhancements})["content"]
        return annotated
    if kind is Kind.LOCATION:
        where = f"https://example.org/{known['bibliographic']['title'][:40].replace(' ', '-')}"
        place = {"is_oa": True, "version": "publishedVersion", "landing_page_url": where, "pdf_url": f"{where}.pdf"}
        return {"enhancement_type": "location", "locations": [{**place, "license": "cc-by"}]}
    content: Json = known[str(kind)]
    return content


def _identifiers(folder: Path) -> Iterator[list[Json]]:
    """Yield the identifiers of references that have nothing else, as the contract has them; not those it refuses."""
    for reference in _read(folder, identifiers_alone=True):
        try:
            accepted = ReferenceFileInput.model_validate({"identifiers": reference["identifiers"]}, strict=False)
        except ValidationError:
            continue
        yield accepted.model_dump(mode="json")["identifiers"]


def _templates(folder: Path) -> list[Json]:
    """Return references that have a title and an abstract."""
    found: list[Json] = []
    for reference in _read(folder):
        if {"bibliographic", "abstract"} <= {one["enhancement_type"] for one in reference["enhancements"]}:
            found.append(reference)
        if len(found) == MOST_TEMPLATES:
            break
    if not found:
        raise ValueError(f"{folder} has no reference with a title and an abstract")
    return found


def _read(folder: Path, *, identifiers_alone: bool = False) -> Iterator[Json]:
    """Yield the references of a folder's files; the compressed ones hold identifiers alone."""
    pattern = "*.jsonl.gz" if identifiers_alone else "*.jsonl"
    for file in sorted(folder.glob(pattern)):
        with gzip.open(file) if identifiers_alone else file.open("rb") as lines:
            yield from map(json.loads, lines)
