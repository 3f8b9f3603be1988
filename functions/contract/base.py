"""What every model of the wire has in common, and how untrusted JSON becomes one of them."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, HttpUrl, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, from_json

# It also bounds the length, as clients do: a longer one would make what has it unreadable to them.
_HTTP_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)

# A body can hold a hundred thousand wrong ids; this many faults are enough to mend the program that sent it.
MOST_FAULTS = 20

# Beyond it, not every whole number is a double, which is what the store keeps.
LARGEST_INTEGER = 2**53

# Of free text that is kept beside what the system writes itself: an item of the store has room for both.
LONGEST_TEXT = 2_000


class WireModel(BaseModel):
    """A JSON object on the wire. Unknown fields are ignored; NaN and Infinity are no JSON and refused."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


# Nearly every URL is as plain as this, and a URL: the parser, which takes longer to say so, has to look at the others.
_PLAIN_URL = re.compile(r"https?://(?:[a-z][a-z0-9]{0,62}\.){1,4}[a-z]{2,63}(?:/[A-Za-z0-9._~/()-]{0,1000})?")
# What the parser would forgive, and whoever calls the URL would not.
_URL = re.compile(r"https?://[^\s\\\x00-\x1f\x7f]+", re.IGNORECASE)
# The same in the dialect of JSON Schema. Not `uri`: names and paths may be in any script, as the parser takes them.
_URL_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "format": "url",
        "maxLength": 2083,
        "pattern": r"^[hH][tT][tT][pP][sS]?://[^\s\\\x00-\x1f\x7f]+$",
    }
)


def checked_url(url: str) -> str:
    """Return a URL that whoever calls it will take for one; raises ValueError for any other."""
    if _PLAIN_URL.fullmatch(url):
        return url
    if not _URL.fullmatch(url):
        raise ValueError("this is no URL that begins with http:// or https:// and has no blanks")
    _HTTP_URL.validate_python(url)
    return url


HttpUrlText = Annotated[str, AfterValidator(checked_url), _URL_SCHEMA]
"""An http or https URL, checked but kept to the letter: a signed or stored URL is not ours to normalise."""

OwnUrl = Annotated[str, _URL_SCHEMA]
"""A URL that we made, so there is nothing to check."""


def jsonl_line(model: BaseModel) -> bytes:
    """Give a line of a file of lines; marks that JSON lets stand, and some readers end a line at, are escaped."""
    text = model.model_dump_json()
    for mark in ("\x85", "\u2028", "\u2029"):
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return f"{text}\n".encode()


def faults(error: ValidationError, raw: bytes | None = None) -> list[str]:
    """Say each fault of a failed validation as `where: why`, at most `MOST_FAULTS` and how many more there are.

    `raw` is the JSON that failed: with it, the names of union members that the path passes through are left out.
    """
    document: Any = None
    if raw is not None:
        try:
            document = from_json(raw)
        except ValueError:
            document = None
    said = [_sentence(detail, document) for detail in error.errors(include_url=False, include_input=False)]
    if len(said) > MOST_FAULTS:
        return [*said[:MOST_FAULTS], f"and {len(said) - MOST_FAULTS} more"]
    return said


def _sentence(detail: ErrorDetails, document: Any) -> str:
    where = ".".join(_path(detail["loc"], document))
    why = detail["msg"].replace("\n", " ")
    return f"{where}: {why}" if where else why


def _path(loc: tuple[int | str, ...], document: Any) -> Iterator[str]:
    """Keep of a location what can be found in the document, and its last part, which may be missing there.

    The name of a union's member comes right after the object that it is of, whose tag it is; it may be a field's, too.
    """
    tag_passed = False
    for part in loc[:-1]:
        if not tag_passed and part in _tags(document):
            tag_passed = True
        elif _has(document, part):
            document, tag_passed = document[part], False
            yield str(part)
        elif document is None:
            yield str(part)
    yield from map(str, loc[-1:])


def _tags(document: Any) -> set[str]:
    """Return which members of unions an object says that it is."""
    if not isinstance(document, dict):
        return set()
    said = (document.get(name) for name in ("enhancement_type", "annotation_type", "identifier_type"))
    return {tag for tag in said if isinstance(tag, str)}


def _has(document: Any, part: int | str) -> bool:
    if isinstance(document, list):
        return isinstance(part, int) and part < len(document)
    return isinstance(document, dict) and part in document
