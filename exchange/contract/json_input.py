"""JSON from callers: stricter than the parser of the models, and with the fields that a model ignores."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import TypeVar

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder
from pydantic import AliasChoices, BaseModel, ValidationError

from exchange.contract.base import MAX_FAULTS, describe_faults

# Some programs write it at the start of a UTF-8 file.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# A list or object in free data costs about 2 µs, and no other thread of the process runs meanwhile. A text of 1 MiB can
# have 500,000 of them. An enhancement with ten thousand annotations has fewer than this.
MAX_BRACKETS = 25_000

T = TypeVar("T")

# These decoders check JSON without building the values in it.
_check = Decoder(Raw).decode
_split_object = Decoder(dict[str, Raw]).decode
_split_list = Decoder(list[Raw]).decode


class InvalidJsonError(ValueError):
    """The text is not JSON, for a reason that the parser of the models accepts or describes badly."""


class TooManyBracketsError(ValueError):
    """The text has so many lists and objects that parsing it would take too long."""

    def __init__(self) -> None:
        super().__init__(f"it has more than {MAX_BRACKETS} brackets ('[' and '{{')")


def has_too_many_brackets(content: bytes) -> bool:
    """Return whether the text has more than `MAX_BRACKETS` brackets. Those in strings count too."""
    return len(content) > MAX_BRACKETS and content.count(b"[") + content.count(b"{") > MAX_BRACKETS


def parse_json(validate: Callable[..., T], content: bytes) -> T:
    """Parse JSON by the `validate_json` of a model or TypeAdapter, without conversions.

    Raises TooManyBracketsError before anything is parsed. Raises ValidationError. Raises InvalidJsonError for a byte
    order mark, and for NaN and Infinity, which the parser would accept in a field that the model ignores.
    """
    if has_too_many_brackets(content):
        raise TooManyBracketsError
    if content.startswith(BYTE_ORDER_MARK):
        raise InvalidJsonError("a byte order mark (EF BB BF) is allowed only at the very start of a file")
    try:
        parsed = validate(content, strict=True)
    except ValidationError as error:
        is_json = (
            error.error_count() > 1 or error.errors(include_url=False, include_input=False)[0]["type"] != "json_invalid"
        )
        if is_json and _has_nan(content):
            raise InvalidJsonError("NaN and Infinity are not JSON") from error
        raise
    if _has_nan(content):
        raise InvalidJsonError("NaN and Infinity are not JSON")
    return parsed


def describe_json_faults(error: ValueError, content: bytes) -> list[str]:
    """Return the faults for which `parse_json` refused the content, in the form of `describe_faults`."""
    return describe_faults(error, content) if isinstance(error, ValidationError) else [str(error)]


def _has_nan(content: bytes) -> bool:
    """Return whether NaN or Infinity is a value in a text that is JSON otherwise."""
    if b"NaN" not in content and b"Infinity" not in content:
        return False
    try:
        _check(content)
    except (MsgspecError, RecursionError):
        return True
    return False


def describe_ignored_fields(content: bytes, model: BaseModel) -> list[str]:
    """Return a sentence for each field of the JSON that the model ignored, at most `MAX_FAULTS`.

    `content` is the JSON from which `model` was parsed.
    """
    ignored = islice(_find_ignored(content, model, ""), MAX_FAULTS)
    return [f"Unknown field '{path}' was ignored." for path in ignored]


def _find_ignored(content: bytes | Raw, parsed: object, path: str) -> Iterator[str]:
    """Yield the paths of the JSON that have no field in the parsed models. Other values are not looked into."""
    if isinstance(parsed, BaseModel):
        known = _accepted_names(type(parsed))
        for name, value in _split_object(content).items():
            if name not in known:
                yield f"{path}{name}"
            else:
                yield from _find_ignored(value, getattr(parsed, known[name]), f"{path}{name}.")
    elif isinstance(parsed, list) and parsed and isinstance(parsed[0], BaseModel):
        for number, (value, item) in enumerate(zip(_split_list(content), parsed, strict=True)):
            yield from _find_ignored(value, item, f"{path}{number}.")


@cache
def _accepted_names(model: type[BaseModel]) -> dict[str, str]:
    """Return the names that a model accepts in JSON, and the fields that they are for."""
    names = {name: name for name in model.model_fields}
    for name, field in model.model_fields.items():
        if isinstance(field.validation_alias, AliasChoices):
            names.update((str(choice), name) for choice in field.validation_alias.choices)
    return names
