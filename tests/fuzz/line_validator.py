"""`python -m tests.fuzz.line_validator`: throw bytes at the check of result entries, guided by the code they reach."""

import json
import sys
from uuid import UUID

import atheris

with atheris.instrument_imports(include=["functions"]):
    from exchange.domain.entries import EntryValidator
    from exchange.domain.lines import LineSplitter
    from exchange.domain.manifest import Manifest
    from exchange.domain.chunks import Chunk

BATCH = UUID("11111111-1111-4111-8111-111111111111")
KNOWN = [UUID("22222222-2222-4222-8222-222222222222"), UUID("33333333-3333-4333-8333-333333333333")]
LONGEST = 4096


def check(data: bytes) -> None:
    """See that any file gives one true verdict for each entry, and accepted lines that the import can read."""
    splitter, validator = LineSplitter(LONGEST), EntryValidator(Manifest(KNOWN), LONGEST)
    half = len(data) // 2
    results = [validator.validate(splitter.feed(piece)) for piece in (data[:half], data[half:])]
    results.append(validator.validate(splitter.end()))
    verdicts = [json.loads(line) for one in results for line in bytes(one.draft_report).splitlines()]
    assert len(verdicts) == validator.entries, "each entry has one verdict"
    assert sum(verdict["error"] is None for verdict in verdicts) == validator.accepted
    accepted = b"".join(bytes(one.accepted) for one in results)
    window = Chunk(BATCH, 1 << 30, 1 << 30, 0)
    chunk.fill(line for line in accepted.split(b"\n") if line)
    assert len(window.entries) == validator.accepted
    assert all(UUID(entry.reference_id) in KNOWN for entry in window.entries)
    missing, _ = validator.list_missing()
    named = {UUID(verdict["reference_id"]) for verdict in verdicts if verdict["reference_id"]}
    assert missing == len(set(KNOWN) - named)


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
