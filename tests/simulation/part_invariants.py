"""The invariants of batch requests in parts: what must be true after every run, with any faults."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.reports import EntryKind
from exchange.domain.added import find_added
from exchange.domain.batch import Batch
from exchange.domain.counts import count_entries, count_references
from exchange.domain.division import Division, Part, Range
from tests.simulation.world import Simulation

_COUNTS = ("enhanced", "failed", "missing", "cancelled")
# All but these are the same for a part and in the sums over the parts.
_ANY_STATUS = {BatchStatus.PARTIAL_FAILED, BatchStatus.FAILED}


class Piece(NamedTuple):
    """A part with its place, as both are never None here."""

    batch: Batch
    part: Part


def check_part(simulation: Simulation, batch: Batch) -> None:
    """Check a part after it has ended."""
    assert batch.part is not None
    request = simulation.batches.items.get(batch.part.of)
    is_known = request is not None and _get_division(request.batch).made >= batch.part.number
    if not is_known:
        # A run made it, and died or failed before the batch request knew of it.
        assert not batch.import_started, "a part was imported that its batch request does not know"
        assert batch.id not in simulation.part_checks.given, "a robot got a part that its batch request does not know"
    posts = [delivery for _, delivery in simulation.history.posts if delivery.batch_id == batch.id]
    assert not posts, "a webhook was told of the end of a part"
    if batch.part.returned:
        assert (batch.status, batch.error_code) == (BatchStatus.FAILED, ErrorCode.LEASE_EXPIRED), (
            "a returned part ended"
        )
        assert batch.delivered_at is None, "a part was returned although it has a result"
    attempts = simulation.services.deadlines.lease_attempts
    assert batch.part.range.expiries < attempts, "references were in a part after the last lease"


def check_parts(simulation: Simulation, request: Batch) -> None:
    """Check a batch request in parts after it has ended."""
    division = _get_division(request)
    parts = [piece for piece in _list_parts(simulation, request.id) if piece.part.number <= division.made]
    numbers = [piece.part.number for piece in parts]
    assert numbers == list(range(1, division.made + 1)), "a part is recorded that does not exist"
    assert division.open_parts == 0, "a batch request ended before its last part"
    for batch, _ in parts:
        assert (batch.ended_at or 0.0) <= (request.ended_at or 0.0), "a part ended after its batch request"
    counted = [piece for piece in parts if not piece.part.returned]
    _check_references(request, counted, division)
    _check_expiries(parts, division, simulation)
    _check_sums(simulation, request, [batch for batch, _ in counted], division)
    _check_growth(simulation, request)
    _check_status(request, [batch for batch, _ in counted], division)
    _check_report(simulation, request, counted, division)


def _get_division(request: Batch) -> Division:
    assert request.division is not None, "a part belongs to a batch request that is not in parts"
    return request.division


def _list_parts(simulation: Simulation, request_id: UUID) -> list[Piece]:
    batches = (stored.batch for stored in simulation.batches.items.values())
    pieces = [Piece(batch, batch.part) for batch in batches if batch.part is not None and batch.part.of == request_id]
    return sorted(pieces, key=lambda piece: piece.part.number)


def _check_references(request: Batch, counted: Sequence[Piece], division: Division) -> None:
    """Check that each reference is in exactly one part that counts, or in none and left."""
    ranges = [piece.part.range for piece in counted] + division.list_left(request.selected_count)
    positions = Counter(position for item in ranges for position in range(item.start, item.start + item.count))
    expected = Counter(range(request.selected_count))
    assert not expected - positions, "a reference was lost"
    assert not positions - expected, "a reference counts twice"
    for batch, part in counted:
        assert batch.reference_count == part.range.count, "a part counts other references than it has"


def _check_expiries(parts: Sequence[Piece], division: Division, simulation: Simulation) -> None:
    """Check that each expired lease is counted, and none that was given back."""
    attempts = simulation.services.deadlines.lease_attempts
    expired: Counter[int] = Counter()
    for batch, part in parts:
        assert all(expired[position] == part.range.expiries for position in _list_positions(part.range)), (
            "the expired leases of references are counted wrongly"
        )
        if part.returned:
            assert batch.lease is not None, "a part without a lease was returned"
            expired.update(() if batch.lease.given_back else _list_positions(part.range))
        elif batch.error_code is ErrorCode.LEASE_EXPIRED:
            expired.update(_list_positions(part.range))
            assert all(expired[position] == attempts for position in _list_positions(part.range)), (
                "references failed before their last lease"
            )
    for item in division.returned:
        assert all(expired[position] == item.expiries for position in _list_positions(item)), "an expiry was lost"
    assert max(expired.values(), default=0) <= attempts, "too many leases on a reference expired"


def _list_positions(item: Range) -> range:
    return range(item.start, item.start + item.count)


def _check_sums(simulation: Simulation, request: Batch, counted: Sequence[Batch], division: Division) -> None:
    """Check that the batch request has the sums of its parts."""
    totals = division.totals
    assert totals.parts == len(counted), "the parts are counted wrongly"
    references = [count_references(batch) for batch in counted]
    for name in _COUNTS:
        expected = sum(getattr(item, name) for item in references)
        assert getattr(totals, name) == expected, f"the {name} references of the parts are counted wrongly"
    entries: Counter[str] = Counter()
    for batch in counted:
        found = count_entries(batch)
        entries.update(found.model_dump() if found else {})
    assert +Counter(totals.entries) == +entries, "the entries of the parts are counted wrongly"
    stored = [item for batch in counted for item in simulation.list_stored(batch.id)]
    stalled = any(batch.import_started and batch.report is None for batch in counted)
    if not stalled and not request.test_run:
        assert totals.added == len(stored), "the enhancements of the parts are counted wrongly"


def _check_growth(simulation: Simulation, request: Batch) -> None:
    """Check that the counts of the entries only grow."""
    counts = [count_entries(write.after) for write in simulation.history.writes[request.id]]
    for earlier, later in pairwise(count.model_dump() for count in counts if count is not None):
        assert all(later[name] >= count for name, count in earlier.items()), "a count of entries went backwards"


def _check_status(request: Batch, counted: Sequence[Batch], division: Division) -> None:
    """Check that the status tells what the parts did."""
    left = division.list_left(request.selected_count)
    completed = [batch.status is BatchStatus.COMPLETED for batch in counted]
    if counted and all(completed) and not left and request.error_code is not ErrorCode.IMPORT_STALLED:
        assert request.status is BatchStatus.COMPLETED, "all parts are completed, but not the batch request"
    else:
        assert request.status is not BatchStatus.COMPLETED, "the batch request is completed, but not all of its parts"
    if request.status is BatchStatus.REJECTED:
        rejected = [batch.status is BatchStatus.REJECTED for batch in counted]
        assert all(rejected), "the batch request is rejected, but not all of its parts"
    if request.status in _ANY_STATUS:
        is_partial = request.status is BatchStatus.PARTIAL_FAILED
        assert is_partial == (division.totals.added > 0), "the status and the added enhancements contradict each other"
    if request.status in {BatchStatus.FAILED, BatchStatus.REJECTED}:
        assert request.error, "a batch request failed without an error"
        assert request.error_code, "a batch request failed without the code of an error"
    if request.error_code is ErrorCode.CANCELLED:
        assert request.cancel_requested_at is not None, "a batch request was cancelled that nobody cancelled"
    if request.cancel_requested_at is not None and left:
        assert request.error_code in {ErrorCode.CANCELLED, ErrorCode.IMPORT_STALLED}, "a cancellation was forgotten"
    if left and request.cancel_requested_at is None:
        may_be_left = division.given_up or not division.made or request.error_code is ErrorCode.IMPORT_STALLED
        assert may_be_left, "references are left, but more parts could be made"
        expected = {ErrorCode.ROBOT_TIMEOUT, ErrorCode.IMPORT_STALLED}
        if division.size is not None:
            expected.add(ErrorCode.ROBOT_UNREACHABLE)
            assert division.unanswered >= division.window, "references are left, but the robot answered"
        assert request.error_code in expected, "references are left, but the robot may still work on them"


def _check_report(simulation: Simulation, request: Batch, counted: Sequence[Piece], division: Division) -> None:
    """Check that the report has the lines of the parts, and one for each reference without an entry."""
    if request.report is None:
        # It has no report if no robot worked on it, or if as many attempts failed as are made.
        attempts = simulation.services.deadlines.progress_attempts
        may_have_stalled = simulation.calls.faults >= attempts
        assert may_have_stalled or not division.made, "a batch request in parts has no report"
        return
    lines = _read_lines(simulation, request, "validation.jsonl")
    expected = list(_list_expected(simulation, request, counted, division))
    found = [(line["reference_id"], line["line"], line["kind"]) for line in lines]
    assert found == expected, "the report does not have the lines of the parts"
    numbers = [line["line"] for line in lines if line["line"] is not None]
    assert numbers == list(range(1, len(numbers) + 1)), "the entries of the report are numbered wrongly"
    missing = Counter(line["reference_id"] for line in lines if line["kind"] == EntryKind.MISSING)
    assert max(missing.values(), default=1) == 1, "a missing reference has two lines"
    named = {line["reference_id"] for line in lines}
    assert {str(item) for item in simulation.list_requested(request.id)} <= named, "a reference has no line"
    text = simulation.read_report(request, "validation.txt").decode().splitlines()
    assert len(text) == len(lines), "the two forms of the report differ"
    for written, line in zip(text, lines, strict=True):
        subject = f"Entry {line['line']}" if line["reference_id"] is None else f"Reference {line['reference_id']}"
        assert written.startswith(f"{subject}: "), "the two forms of the report differ"
    _check_final_counts(request, counted, lines)
    _check_files(simulation, request, counted, lines)


def _list_expected(
    simulation: Simulation, request: Batch, counted: Sequence[Piece], division: Division
) -> Iterator[tuple[str | None, int | None, str]]:
    """Yield the reference, the number and the kind of each line of the report."""
    requested = simulation.list_requested(request.id)
    entries = 0
    for batch, part in counted:
        if batch.report is None:
            yield from _list_missing(requested, part.range)
            continue
        for line in _read_lines(simulation, batch, "validation.jsonl"):
            number = None if line["line"] is None else line["line"] + entries
            yield line["reference_id"], number, line["kind"]
        assert batch.validation is not None
        entries += batch.validation.entries
    for item in division.list_left(request.selected_count):
        yield from _list_missing(requested, item)


def _list_missing(requested: Sequence[UUID], item: Range) -> Iterator[tuple[str, None, str]]:
    for reference_id in requested[item.start : item.start + item.count]:
        yield str(reference_id), None, EntryKind.MISSING


def _check_final_counts(request: Batch, counted: Sequence[Piece], lines: Sequence[Any]) -> None:
    """Check that the references that the report says are enhanced are those that are counted."""
    if any(batch.import_started and batch.report is None for batch, _ in counted):
        # Of an import that stalled, the report does not know what it added.
        return
    counts = count_references(request)
    assert counts is not None, "the references are not counted"
    enhanced = {line["reference_id"] for line in lines if line["kind"] == EntryKind.ADDED}
    assert counts.enhanced == len(enhanced), "the enhanced references are counted wrongly"


def _check_files(simulation: Simulation, request: Batch, counted: Sequence[Piece], lines: Sequence[Any]) -> None:
    """Check the counted messages, and that the enhancements are those that the parts added, each once."""
    errors = [(line["kind"], line["error"]) for line in lines if line["error"] is not None]
    if errors:
        listed = json.loads(simulation.read_report(request, "errors.json"))["errors"]
        counts = Counter({(error["kind"], error["message"]): error["count"] for error in listed})
        assert counts == Counter(errors), "the messages are counted wrongly"
    reported = [batch.id for batch, _ in counted if batch.report is not None]
    stored = {item["id"]: item for batch_id in reported for item in simulation.list_stored(batch_id)}
    name = find_added(request)
    if name is None:
        assert not stored, "the enhancements of a batch request in parts cannot be read"
        return
    exported = [json.loads(line) for line in simulation.files.blobs[name].splitlines()]
    added_lines = [line["line"] for line in lines if line["error"] is None]
    assert [item.pop("line") for item in exported] == added_lines, "the enhancements have wrong numbers"
    assert len(exported) == len(stored), "the enhancements of a batch request are not those that its parts added"
    assert {item["id"]: item for item in exported} == stored, "the enhancements are not as stored"


def _read_lines(simulation: Simulation, batch: Batch, name: str) -> list[Any]:
    return [json.loads(line) for line in simulation.read_report(batch, name).splitlines()]
