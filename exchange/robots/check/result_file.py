"""Judges a result file as the exchange does. The memory depends on the number of references, not on the file."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from msgspec import MsgspecError
from msgspec.json import Decoder

from exchange.contract.batches import BatchStatus
from exchange.contract.json_input import BYTE_ORDER_MARK
from exchange.contract.reports import BatchErrors, EntryKind
from exchange.domain.batch import Batch
from exchange.domain.entries import EntryValidator
from exchange.domain.limits import Limits
from exchange.domain.lines import LineSplitter
from exchange.domain.manifest import Manifest
from exchange.domain.origin import make_origin
from exchange.domain.report import ReportWriter
from exchange.domain.result_format import START_BYTES, find_format_fault

PIECE_BYTES = 1 << 20
_LIMITS = Limits()

_decode = Decoder(dict).decode


class ReferencesError(Exception):
    """The references file cannot be used. The message says where and why."""


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """What would become of the entries of a result file. `fault` is what is wrong with the file as a whole."""

    entries: int
    kinds: dict[EntryKind, int]
    errors: BatchErrors
    fault: str | None

    @property
    def complete(self) -> bool:
        """Whether the exchange would add every entry, and no reference is missing."""
        return self.fault is None and all(kind == EntryKind.ADDED for kind, count in self.kinds.items() if count)


def read_reference_ids(file: Path) -> Iterator[UUID]:
    """Yield the ids in a references file as robots receive it. Raises ReferencesError."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                reference_id = _decode(line)["id"]
                yield UUID(reference_id)
            except MsgspecError as error:
                raise ReferencesError(f"{file}:{number}: must be a JSON object: {error}") from None
            except (KeyError, TypeError, ValueError, AttributeError):
                raise ReferencesError(
                    f"{file}:{number}: must have an id, which is a UUID. Use the references of a job, as a robot "
                    "downloads them."
                ) from None


def read_pieces(file: Path) -> Iterator[bytes]:
    """Yield the content of a file."""
    with file.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            yield piece


def judge_result(
    reference_ids: Iterable[UUID],
    pieces: Iterable[bytes],
    write: Callable[[bytes], object],
    limits: Limits = _LIMITS,
) -> ResultSummary:
    """Judge the entries with the exchange's own validation. `write` gets the lines of the report, as text.

    The first piece has the first bytes of the file, as many as tell its format.
    """
    manifest = Manifest(reference_ids)
    batch = _make_batch()
    report = ReportWriter(batch, ())
    validator = EntryValidator(
        manifest,
        make_origin(batch, batch.created_at),
        limits.result_line_limit_bytes,
        limits.result_room,
        limits.result_rejected_entries_limit,
    )
    splitter = LineSplitter(limits.result_line_limit_bytes)

    def judge(lines: Iterable[bytes | None]) -> None:
        draft = bytes(validator.validate(lines).draft_report)
        write(bytes(report.write(draft.splitlines()).text))

    start = b""
    size = 0
    for piece in pieces:
        content = piece
        if not size:
            start = piece[:START_BYTES]
            content = piece.removeprefix(BYTE_ORDER_MARK)
        size += len(piece)
        judge(splitter.feed(content))
        if validator.rejected > limits.result_rejected_entries_limit or size > limits.result_file_limit_bytes:
            break
    else:
        judge(splitter.end())
    missing, draft = validator.list_missing()
    write(bytes(report.write(draft.splitlines()).text))
    return ResultSummary(
        entries=validator.entries,
        kinds={**validator.kinds, EntryKind.MISSING: missing},
        errors=report.errors.summarize(),
        fault=_find_fault(validator, start, size, limits),
    )


def _make_batch() -> Batch:
    """Return a test run, because the report of one is about what would be added."""
    return Batch(
        id=uuid4(),
        robot_id=uuid4(),
        requestor="check",
        source=None,
        reference_count=0,
        created_at=time.time(),
        status=BatchStatus.ACCEPTED,
        attempt_due_at=0.0,
        test_run=True,
    )


def _find_fault(validator: EntryValidator, start: bytes, size: int, limits: Limits) -> str | None:
    """Return why the exchange would refuse the whole file."""
    if size > limits.result_file_limit_bytes:
        return f"The result file has more than {limits.result_file_limit_bytes} bytes."
    if fault := find_format_fault(start, entries=validator.entries, rejected=validator.rejected):
        return fault
    if validator.rejected > limits.result_rejected_entries_limit:
        return (
            f"More than {limits.result_rejected_entries_limit} entries are unreadable, repeated, or of references that "
            "are not in the references file. The exchange would refuse the whole result."
        )
    return None
