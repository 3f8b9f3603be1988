"""Annotations in the places where an export wrote them. This is the reverse of `tags`."""

import re
from collections.abc import Iterator, Mapping
from math import isfinite

from exchange.formats.record import TABLES, Record
from exchange.formats.tags import NOTE_START, Tag
from exchange.formats.values import collapse

_VALUES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_PARAGRAPH = re.compile(r"<p>(.*)</p>", re.DOTALL)
# Those that Zotero writes. The ampersand is last, because it begins the others.
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#39;", "'"), ("&amp;", "&"))
_SCORE, _ROBOT = " score", " robot"
_ROUNDED = re.compile(r"-?[0-9]+\.[0-9]")
# What follows the name of an annotation in the note. Then come the robot and the name of the next one.
_FACTS = re.compile(r": (?:(yes|no)(?:, score ([-+.0-9e]+))?|score ([-+.0-9e]+)), robot ")


def simplify_name(name: str) -> str:
    """Return the name of an annotation as a keyword of BibTeX has it, which may have neither commas nor semicolons."""
    return collapse(name.replace(",", " ").replace(";", " "))


def read_tags(record: Record) -> Iterator[Tag]:
    """Yield the annotations of the record: keywords, or columns of a table.

    If the record's note lists the annotation, its exact score and its robot are those of the note. Otherwise the robot
    is empty, and the keyword may be another one of the original record.
    """
    if record.format in TABLES:
        yield from _read_columns(dict(record.raw))
        return
    listed: dict[str, Tag] = {}
    for note in record.notes:
        for tag in read_note(note):
            if tag.value is None and tag.score is None:
                continue
            listed.setdefault(simplify_name(tag.keyword), tag)
    for keyword in record.keywords:
        found = listed.get(simplify_name(keyword)) or _read_keyword(keyword)
        if found is not None:
            yield found


def _read_columns(cells: Mapping[str, str]) -> Iterator[Tag]:
    """Yield the annotations in the columns of each name. Several robots share them, in the same order in all three."""
    # The column without a suffix is missing if all annotations of this name have only a score.
    names = dict.fromkeys(name[: -len(_SCORE)] if name.endswith((_SCORE, _ROBOT)) else name for name in cells)
    for name in names:
        if ":" not in name:
            continue
        values, scores, robots = (
            [part.strip() for part in cells.get(f"{name}{suffix}", "").split(";")] for suffix in ("", _SCORE, _ROBOT)
        )
        for number, value in enumerate(values):
            found, score = _VALUES.get(value.lower()), _read_score(_get(scores, number))
            if found is not None or (score is not None and not value):
                yield Tag(name, found, score, _get(robots, number))


def _get(parts: list[str], number: int) -> str:
    return parts[number] if number < len(parts) else ""


def _read_score(text: str) -> float | None:
    try:
        score = float(text)
    except ValueError:
        return None
    return score if isfinite(score) else None


def _read_keyword(keyword: str) -> Tag | None:
    name, separator, value = keyword.rpartition(" = ")
    if separator and value == "no":
        tag = Tag(name, value=False, score=None, robot="")
    elif separator and _ROUNDED.fullmatch(value):
        tag = Tag(name, value=None, score=float(value), robot="")
    else:
        tag = Tag(keyword, value=True, score=None, robot="")
    return tag if ":" in tag.name else None


def is_note(text: str) -> bool:
    """Return whether the text is a note on annotations, and nothing else."""
    return _remove_html(text).startswith(NOTE_START)


def _remove_html(text: str) -> str:
    """Return a note without the paragraph and the entities that Zotero puts it into."""
    paragraph = _PARAGRAPH.fullmatch(text.strip())
    if paragraph is None:
        return text
    text = paragraph[1]
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def read_note(note: str) -> Iterator[Tag]:
    """Yield the annotations that a note lists."""
    for line in _remove_html(note).splitlines():
        text = line.partition(NOTE_START)[2]
        name, facts = "", None
        place = 0
        for found in _FACTS.finditer(text):
            following = text[place : found.start()]
            if facts is not None:
                robot, following = _split_robot(following)
                yield _make_tag(name, facts, robot)
            name, facts, place = following, found, found.end()
        if facts is not None:
            yield _make_tag(name, facts, text[place:])


def _split_robot(text: str) -> tuple[str, str]:
    """Return the robot and the name of the next annotation. Both may have semicolons, but the name has a colon."""
    robot, _, name = text.rpartition("; ")
    while ":" not in name and "; " in robot:
        robot, _, start = robot.rpartition("; ")
        name = f"{start}; {name}"
    return robot, name


def _make_tag(name: str, facts: re.Match[str], robot: str) -> Tag:
    return Tag(name, _VALUES.get(facts[1] or ""), _read_score(facts[2] or facts[3] or ""), robot)
