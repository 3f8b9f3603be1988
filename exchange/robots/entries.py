"""The lines of a result file: enhancements, and errors of single references."""

from typing import Any

from msgspec.json import Encoder
from pydantic import TypeAdapter, ValidationError

from exchange.contract.base import describe_faults
from exchange.contract.enhancements import AnnotationSet, Enhancement, EnhancementContent, LocationSet
from exchange.contract.json_input import describe_json_faults, parse_json
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.domain.fast_parser import parse_fast
from exchange.domain.limits import Limits
from exchange.domain.report import MAX_MESSAGE_LENGTH
from exchange.domain.storable import MAX_DOCUMENT_BYTES, OWN_LEVELS, find_storage_fault, is_too_large
from exchange.robots.contents import Result, to_contents
from exchange.robots.errors import CannotJudge, InvalidResultError, read_message
from exchange.robots.reference import Needs, Reference

MAX_LINE_BYTES = Limits().result_line_limit_bytes

# The levels above free data: the content, its list, and the item of the list.
_DATA_LEVELS = OWN_LEVELS + 3

_ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
_encode = Encoder().encode


class EntryWriter:
    """Writes the lines for references. Each line is valid: what the exchange would refuse becomes an error entry."""

    def __init__(self, source: str, version: str | None, needs: Needs) -> None:
        fields = {"source": source, "visibility": "public"}
        if version is not None:
            fields["robot_version"] = version
        # `"source": ...` and so on, without the brackets of the object.
        self._fixed_fields = _encode(fields)[1:-1]
        self._needs = needs

    def write(self, reference: Reference, result: Result) -> bytes:
        """Return the lines for a result. Raises CannotJudge, and InvalidResultError if the result is invalid."""
        contents = to_contents(result)
        derived_from = _encode(self._needs.list_used(reference))
        head = b'{"reference_id":%s,%s,"derived_from":%s,"content":' % (
            _encode(reference.id),
            self._fixed_fields,
            derived_from,
        )
        if len(contents) == 1:
            return _write_line(head, contents[0])
        # An entry that occurs twice would be reported as an error.
        return b"".join(dict.fromkeys(_write_line(head, content) for content in contents))


def write_error(reference: Reference, error: BaseException) -> bytes:
    """Return the line for a reference that has no enhancement because of this error."""
    message = _describe(error)[:MAX_MESSAGE_LENGTH].encode(errors="replace").decode()
    return _encode({"reference_id": reference.id, "message": message}) + b"\n"


def _describe(error: BaseException) -> str:
    match error:
        case CannotJudge() | InvalidResultError():
            return read_message(error) or "The robot cannot judge this reference."
        case ValidationError():
            return f"The robot failed: {error.title} is invalid: {'; '.join(describe_faults(error))}"
        case _:
            return f"The robot failed: {type(error).__name__}: {read_message(error)}"


def _write_line(head: bytes, content: EnhancementContent) -> bytes:
    try:
        line = head + content.model_dump_json(exclude_unset=True).encode() + b"}"
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidResultError(f"The result is not JSON: {error}") from None
    if fault := _find_fault(line, content):
        raise InvalidResultError(f"The result is not valid: {fault}.")
    return line + b"\n"


def _find_fault(line: bytes, content: EnhancementContent) -> str | None:
    """Return why the exchange would refuse the line."""
    # In free data the serializer writes NaN as null, so the line alone does not show it.
    for data in _list_free_data(content):
        if fault := find_storage_fault(data, _DATA_LEVELS):
            return fault
    if len(line) > MAX_LINE_BYTES:
        return f"it is longer than {MAX_LINE_BYTES} bytes"
    if is_too_large(line):
        return f"the exchange stores at most {MAX_DOCUMENT_BYTES} bytes"
    if parse_fast(line) is not None:
        return None
    try:
        entry = parse_json(_ENTRY.validate_json, line)
    except ValueError as error:
        return "; ".join(describe_json_faults(error, line))
    return find_storage_fault(entry.model_dump(exclude_unset=True))


def _list_free_data(content: EnhancementContent) -> list[dict[str, Any]]:
    """Return the parts of a content that have no model."""
    match content:
        case AnnotationSet():
            return [annotation.data for annotation in content.annotations if annotation.data]
        case LocationSet():
            return [location.extra for location in content.locations if location.extra]
        case _:
            return []
