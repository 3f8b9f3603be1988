"""The references file of the exchange: one reference per line."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from exchange.contract.json_input import describe_json_faults, parse_json
from exchange.contract.references import EnhancementFileInput, Reference, ReferenceFileInput
from exchange.domain.loading import find_load_fault
from exchange.formats.from_reference import make_record
from exchange.formats.json_files import read_json_lines
from exchange.formats.record import Fault, Reading


def read_native(path: Path) -> Iterator[Reading | Fault]:
    """Yield the references of the file, as they are."""
    for found in read_json_lines(path):
        yield found if isinstance(found, Fault) else _read_line(path.name, *found)


def _read_line(file: str, number: int, line: str) -> Reading | Fault:
    content = line.strip().encode()
    try:
        reference = parse_json(ReferenceFileInput.__pydantic_validator__.validate_json, content)
    except ValueError as error:
        # The line is the only one that was parsed.
        faults = [fault.replace(" at line 1 column", " at column") for fault in describe_json_faults(error, content)]
        return Fault(file, number, f"The line is not a reference: {'; '.join(faults)}.")
    if fault := find_load_fault(reference):
        return Fault(file, number, fault)
    return Reading(make_record(reference, file, number), reference)


def make_file_input(reference: Reference | ReferenceFileInput) -> ReferenceFileInput:
    """Return the reference as a references file has it: without ids, which another exchange would not know."""
    if isinstance(reference, ReferenceFileInput):
        return reference
    return ReferenceFileInput(
        **_keep_fields(reference, "visibility", "identifiers"),
        enhancements=[
            EnhancementFileInput(
                **_keep_fields(enhancement, "source", "visibility", "robot_version", "content"),
                enhancement_type=enhancement.content.enhancement_type,
            )
            for enhancement in reference.enhancements or ()
        ],
    )


def _keep_fields(model: BaseModel, *names: str) -> dict[str, object]:
    return {name: getattr(model, name) for name in names}
