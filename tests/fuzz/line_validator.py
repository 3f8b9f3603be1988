"""`python -m tests.fuzz.line_validator`: coverage-guided fuzzing of the validation of result entries."""

import json
import sys
from uuid import UUID

import atheris

with atheris.instrument_imports(include=["exchange"]):
    from exchange.domain.chunks import Chunk
    from exchange.domain.entries import EntryValidator
    from exchange.domain.lines import LineSplitter
    from exchange.domain.manifest import Manifest
    from exchange.domain.origin import Origin

ORIGIN = Origin(
    UUID("11111111-1111-4111-8111-111111111111"), UUID("22222222-2222-4222-8222-222222222222"), validated_at=0.0
)
REQUESTED = [UUID("22222222-2222-4222-8222-222222222222"), UUID("33333333-3333-4333-8333-333333333333")]
MAX_LINE_BYTES = 4096


def check(data: bytes) -> None:
    """Validate any bytes as a result file.

    Raises AssertionError unless the draft report has one correct line for each entry, and the import can read the
    accepted lines.
    """
    splitter, validator = LineSplitter(MAX_LINE_BYTES), EntryValidator(Manifest(REQUESTED), ORIGIN, MAX_LINE_BYTES)
    half = len(data) // 2
    slices = [validator.validate(splitter.feed(piece)) for piece in (data[:half], data[half:])]
    slices.append(validator.validate(splitter.end()))
    results = [json.loads(line) for lines in slices for line in bytes(lines.draft_report).splitlines()]
    assert len(results) == validator.entries, "each entry has one line"
    assert sum(result["error"] is None for result in results) == validator.accepted
    accepted = b"".join(bytes(lines.accepted) for lines in slices)
    chunk = Chunk(1 << 30, 1 << 30, 0)
    chunk.fill(line for line in accepted.split(b"\n") if line)
    assert len(chunk.entries) == validator.accepted
    assert all(UUID(entry.reference_id) in REQUESTED for entry in chunk.entries)
    missing, _ = validator.list_missing()
    named = {UUID(result["reference_id"]) for result in results if result["reference_id"]}
    assert missing == len(set(REQUESTED) - named)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
