"""JSON files with many objects: a line each, a list, or the list in an answer of an API."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exchange.domain.errors import InputRejected
from exchange.formats.encodings import MAX_RECORD_CHARACTERS, find_damage, open_text, read_lines
from exchange.formats.record import Fault

# A list has to be read as a whole. An answer of an API with a thousand works has up to 20 MiB.
MAX_LIST_BYTES = 64 << 20

_SPACE = re.compile(r"\s*")
# The fields of an answer that lead to the list of works.
_LISTS = {"message", "items", "results"}
_DECODER = json.JSONDecoder()


def read_json_lines(path: Path) -> Iterator[tuple[int, str] | Fault]:
    """Yield the lines that are not empty, with their numbers."""
    with open_text(path) as text:
        too_long = 0
        for number, line in read_lines(text, MAX_RECORD_CHARACTERS + 1):
            if number == too_long or not line.strip():
                continue
            if len(line) > MAX_RECORD_CHARACTERS:
                too_long = number
                yield Fault(path.name, number, f"The record is longer than {MAX_RECORD_CHARACTERS:,} characters.")
            elif damage := find_damage(line):
                yield Fault(path.name, number, damage)
            else:
                yield number, line


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]] | Fault]:
    """Yield the objects of the file, with the numbers of their first lines."""
    for found in _read_lines(path) if _has_object_per_line(path) else _read_list(path):
        if isinstance(found, Fault):
            yield found
        elif not isinstance(found[1], dict):
            yield Fault(path.name, found[0], "The record is not a JSON object.")
        elif damage := find_damage(json.dumps(found[1], ensure_ascii=False)):
            yield Fault(path.name, found[0], damage)
        else:
            yield found


def _has_object_per_line(path: Path) -> bool:
    with open_text(path) as text:
        lines = (line for _, line in read_lines(text, MAX_RECORD_CHARACTERS) if line.strip())
        first, second = next(lines, ""), next(lines, "")
    if second.startswith("{") and first.rstrip().endswith("}"):
        return True
    try:
        parsed = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict) and not _LISTS & set(parsed)


def _read_lines(path: Path) -> Iterator[tuple[int, Any] | Fault]:
    for found in read_json_lines(path):
        if isinstance(found, Fault):
            yield found
            continue
        number, line = found
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Fault(path.name, number, f"The line is not JSON: {_describe(error)}.")


def _read_list(path: Path) -> Iterator[tuple[int, Any] | Fault]:
    """Yield the items of the list. What follows an error cannot be read."""
    if path.stat().st_size > MAX_LIST_BYTES:
        raise InputRejected(
            f"{path.name} is larger than {MAX_LIST_BYTES >> 20} MiB. Split it, or write one JSON object per line."
        )
    with open_text(path) as file:
        text = file.read()
    line, counted = 1, 0
    try:
        for start, value in _find_items(text, 0):
            line += text.count("\n", counted, start)
            counted = start
            yield line, value
    except (ValueError, RecursionError) as error:
        place = error.lineno if isinstance(error, json.JSONDecodeError) else line
        yield Fault(path.name, place, f"The rest of the file is not JSON: {_describe(error)}.")


def _describe(error: ValueError | RecursionError) -> str:
    match error:
        case json.JSONDecodeError():
            return error.msg
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return "a number has too many digits"


def _find_items(text: str, place: int) -> Iterator[tuple[int, Any]]:
    """Yield the works in a list, in the list of an answer, or the object itself, each with its place in the text."""
    place = _skip_space(text, place)
    if text[place : place + 1] == "[":
        place = _skip_space(text, place + 1)
        while text[place : place + 1] != "]":
            value, end = _DECODER.raw_decode(text, place)
            yield place, value
            place = _skip_comma(text, end, "]")
    elif (inner := _find_list(text, place)) is not None:
        yield from _find_items(text, inner)
    else:
        yield place, _DECODER.raw_decode(text, place)[0]


def _find_list(text: str, place: int) -> int | None:
    """Return the place of the value that leads to the works. None if the object has none, and is a work itself."""
    if text[place : place + 1] != "{":
        return None
    place = _skip_space(text, place + 1)
    while text[place : place + 1] != "}":
        name, end = _DECODER.raw_decode(text, place)
        value_place = _skip_space(text, _skip_space(text, end) + 1)
        if name in _LISTS:
            return value_place
        place = _skip_comma(text, _DECODER.raw_decode(text, value_place)[1], "}")
    return None


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _skip_comma(text: str, place: int, end: str) -> int:
    """Return the place of the next item or of the end."""
    place = _skip_space(text, place)
    character = text[place : place + 1]
    if character == ",":
        return _skip_space(text, place + 1)
    if character != end:
        raise json.JSONDecodeError(f"expected a comma or {end}", text, place)
    return place


def get_value(source: Any, *path: str | int) -> Any:
    """Return the value at the path. None if something on the way is missing or has another type."""
    for part in path:
        if isinstance(source, dict) and isinstance(part, str):
            source = source.get(part)
        elif isinstance(source, list) and isinstance(part, int) and part < len(source):
            source = source[part]
        else:
            return None
    return source


def get_text(source: Any, *path: str | int) -> str:
    """Return the text or the number at the path, as text. Empty if there is none."""
    value = get_value(source, *path)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def get_list(source: Any, *path: str | int) -> list[Any]:
    """Return the list at the path. Empty if there is none."""
    value = get_value(source, *path)
    return value if isinstance(value, list) else []


def get_texts(source: Any, *path: str | int) -> tuple[str, ...]:
    """Return the texts in the list at the path."""
    return tuple(text for value in get_list(source, *path) if (text := get_text(value)))
