"""Annotations in the places where reference managers and screening tools show them.

| tool | shows | from |
|---|---|---|
| Zotero | tags; notes | RIS: `KW`; `N1`. BibTeX: `keywords`; `annote` |
| EndNote | Keywords; Notes | RIS: `KW`; `N1` |
| EPPI-Reviewer | Keywords | RIS: `KW` |
| ASReview | its label | RIS: `ASReview_relevant` or `ASReview_irrelevant` in `N1`. Tables: 1 or 0 in `included` |

This was tried with the import translators of Zotero and the reader of ASReview 3.0. What Zotero cannot keep: it removes
HTML from RIS, and garbles tildes, backslashes and pairs of dollar signs in BibTeX. EPPI-Reviewer and EndNote are by
their documentation.

A keyword is `scheme:label` if the annotation applies, and `scheme:label = no` if it does not. If it has only a score,
the keyword has the score with one digit, so that few different keywords arise. One note lists all annotations with
their exact scores and robots: Zotero makes a note of each `N1`. A table has three columns for each scheme and label.

ASReview has one label for a record, so the caller says which annotation is meant.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from exchange.contract.enhancements import AnnotationSet, BooleanAnnotation
from exchange.formats.record import Format, Row
from exchange.formats.to_reference import SCREENING_LABEL, SCREENING_SCHEME
from exchange.formats.values import collapse

NOTE_START = "Annotations: "


@dataclass(frozen=True, slots=True)
class Tag:
    """An annotation and its robot. `value` is None if it has only a score."""

    name: str
    value: bool | None
    score: float | None
    robot: str

    @property
    def keyword(self) -> str:
        """The keyword for the annotation."""
        if self.value is None:
            return f"{self.name} = {self.score:.1f}"
        return self.name if self.value else f"{self.name} = no"

    @property
    def sentence(self) -> str:
        """The part of the note for the annotation."""
        value = {True: "yes", False: "no", None: ""}[self.value]
        score = "" if self.score is None else f"score {self.score}"
        facts = ", ".join(fact for fact in (value, score, f"robot {self.robot}") if fact)
        return f"{self.name}: {facts}"


def list_tags(row: Row, formats: Collection[Format]) -> list[Tag]:
    """Return the annotations of the reference. Of several by the same source, the first one is used: it is the newest.

    The annotation that only repeats a label of the original is left out, if the original is in one of the formats and
    is written again.
    """
    original = row.original
    known = original is not None and original.included is not None and original.format in formats
    found: dict[tuple[str, str], Tag] = {}
    for source, tag in _iterate_tags(row):
        if not (known and tag.name == f"{SCREENING_SCHEME}:{SCREENING_LABEL}"):
            found.setdefault((tag.name, source), tag)
    return list(found.values())


def _iterate_tags(row: Row) -> Iterator[tuple[str, Tag]]:
    for enhancement in row.reference.enhancements or ():
        if not isinstance(enhancement.content, AnnotationSet):
            continue
        robot = collapse(f"{enhancement.source} {enhancement.robot_version or ''}")
        for annotation in enhancement.content.annotations:
            value = annotation.value if isinstance(annotation, BooleanAnnotation) else None
            name = collapse(f"{annotation.scheme}:{annotation.label}")
            yield enhancement.source, Tag(name, value, annotation.score, robot)


def describe_tags(tags: Sequence[Tag]) -> str:
    """Return the note that lists the annotations. Empty if there are none."""
    return NOTE_START + "; ".join(tag.sentence for tag in tags) if tags else ""


def find_label(row: Row, name: str) -> bool | None:
    """Return the newest value of the annotation with this name, `scheme:label`. None if there is none."""
    return next((tag.value for _, tag in _iterate_tags(row) if tag.name == name and tag.value is not None), None)
