"""The base of all wire models, shared field types, and the description of validation errors."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    HttpUrl,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, from_json

# It also bounds the length as published clients do: they could not read a longer URL.
_HTTP_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)

# A body can hold a hundred thousand wrong ids. This many faults are enough to correct the program that sent it.
MAX_FAULTS = 20

# Parsing a longer text again, only to describe its faults, would hold up other requests.
_MAX_DESCRIBED_BYTES = 1 << 20

# A name in a path may be as long as the body.
_MAX_PATH_LENGTH = 200
_MAX_TAG_LENGTH = 100

# Beyond 2^53 not every integer is a double, which is how the store keeps numbers.
MAX_INTEGER = 2**53

# Maximum length of free text. An item of the store has to hold it together with other fields.
MAX_TEXT_LENGTH = 2_000


class WireModel(BaseModel):
    """A JSON object on the wire. Unknown fields are ignored; NaN and Infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


# The parser accepts white space and backslashes, but HTTP clients do not.
_URL = re.compile(r"https?://[^\s\\\x00-\x1f\x7f]+", re.IGNORECASE)
# The same for JSON Schema. The format is not `uri`, because hosts and paths may be in any script.
_URL_SCHEMA = WithJsonSchema(
    {
        "type": "string",
        "format": "url",
        "maxLength": 2083,
        "pattern": r"^[hH][tT][tT][pP][sS]?://[^\s\\\x00-\x1f\x7f]+$",
    }
)


def check_url(url: str) -> str:
    """Return the URL unchanged. Raises ValueError if an HTTP client could not call it."""
    if not _URL.fullmatch(url):
        raise ValueError("must be a URL that begins with http:// or https:// and contains no spaces")
    _HTTP_URL.validate_python(url)
    return url


HttpUrlText = Annotated[str, AfterValidator(check_url), _URL_SCHEMA]
"""An http or https URL. It is validated but never normalised, because that would break signed URLs."""


def _check_base_url(url: str) -> str:
    if "?" in url or "#" in url:
        raise ValueError("must not have a query or a fragment, because '/batch/' is appended to it")
    return check_url(url)


BaseUrlText = Annotated[
    str,
    AfterValidator(_check_base_url),
    WithJsonSchema(
        {
            "type": "string",
            "format": "base-url",
            "maxLength": 2083,
            "pattern": r"^[hH][tT][tT][pP][sS]?://[^\s\\?#\x00-\x1f\x7f]+$",
        }
    ),
]
"""A URL to which a path can be appended."""

OwnUrl = Annotated[str, _URL_SCHEMA]
"""A URL that the exchange made. It is not validated again."""


def to_time(seconds: float) -> datetime:
    """Return the time, given in seconds since the epoch. Fractions of a microsecond are dropped."""
    return datetime.fromtimestamp(int(seconds * 1e6) / 1e6, UTC)


def to_optional_time(seconds: float | None) -> datetime | None:
    """Return the time as `to_time` does, or None if there is none."""
    return None if seconds is None else to_time(seconds)


def to_time_text(seconds: float) -> str:
    """Return the time, given in seconds since the epoch, as the models write it: RFC 3339, UTC."""
    return to_time(seconds).isoformat().replace("+00:00", "Z")


def to_jsonl(model: BaseModel) -> bytes:
    """Return one line of a JSONL file. Characters that some readers treat as a line break are escaped."""
    return escape_separators(model.model_dump_json().encode()) + b"\n"


def escape_separators(jsonl: bytes) -> bytes:
    """Return the JSON without the characters that some readers treat as a line break, although JSON does not."""
    # Most lines are ASCII, and this check takes a tenth of the time of the searches.
    if jsonl.isascii():
        return jsonl
    for character in ("\x85", "\u2028", "\u2029"):
        jsonl = jsonl.replace(character.encode(), f"\\u{ord(character):04x}".encode())
    return jsonl


def describe_faults(error: ValidationError, raw: bytes | None = None) -> list[str]:
    """Return each fault of a failed validation as `path: reason`: at most `MAX_FAULTS`, then the number of the others.

    `raw` is the JSON that failed. It is used to leave the names of union members out of the path, unless it is long.
    """
    document: Any = None
    if raw is not None and len(raw) <= _MAX_DESCRIBED_BYTES:
        try:
            document = from_json(raw)
        except ValueError:
            document = None
    faults = [_describe(detail, document) for detail in error.errors(include_url=False, include_input=False)]
    if len(faults) > MAX_FAULTS:
        return [*faults[:MAX_FAULTS], f"and {len(faults) - MAX_FAULTS} more"]
    return faults


def _describe(detail: ErrorDetails, document: Any) -> str:
    path = ".".join(_find_path(detail["loc"], document))
    if len(path) > _MAX_PATH_LENGTH:
        path = f"{path[:_MAX_PATH_LENGTH]}..."
    reason = _describe_reason(detail).replace("\n", " ").removeprefix("Value error, ")
    return f"{path}: {reason}" if path else reason


def _describe_reason(detail: ErrorDetails) -> str:
    if detail["type"] != "union_tag_invalid":
        return detail["msg"]
    # A newer release of the SDK may know types that the exchange does not. Pydantic's text reads as if it were a typo.
    context = detail["ctx"]
    kind, tag = context["discriminator"].strip("'"), context["tag"][:_MAX_TAG_LENGTH]
    return f"the {kind} {tag!r} is not supported here. Supported: {context['expected_tags']}"


def _find_path(loc: tuple[int | str, ...], document: Any) -> Iterator[str]:
    """Yield the parts of a location that exist in the document, and the last part, which may be a missing field.

    Pydantic adds the tag of a union's member after the object with this tag. A field may have the same name.
    """
    tag_passed = False
    for part in loc[:-1]:
        if not tag_passed and part in _find_tags(document):
            tag_passed = True
        elif _has(document, part):
            document, tag_passed = document[part], False
            yield str(part)
        elif document is None:
            yield str(part)
    yield from map(str, loc[-1:])


def _find_tags(document: Any) -> set[str]:
    """Return the tags by which an object names its member of a union."""
    if not isinstance(document, dict):
        return set()
    tags = (document.get(name) for name in ("enhancement_type", "annotation_type", "identifier_type"))
    return {tag for tag in tags if isinstance(tag, str)}


def _has(document: Any, part: int | str) -> bool:
    if isinstance(document, list):
        return isinstance(part, int) and part < len(document)
    return isinstance(document, dict) and part in document
