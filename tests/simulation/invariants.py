"""What must hold when a run is over, whatever went wrong in it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from exchange.contract.batches import BatchStatus
from exchange.domain import report
from exchange.domain.batch import Batch
from tests.simulation.world import Sent, Simulation, Write

_RANKS = {BatchStatus.RECEIVED: 0, BatchStatus.ACCEPTED: 1, BatchStatus.IMPORTING: 2}
_ENDED = 3
_CONFLICT = 409


def check(simulation: Simulation) -> None:
    """Raise AssertionError, saying what does not hold."""
    assert simulation.history.surprises == [], "something was raised that nobody expected"
    assert simulation.batches.items, "a batch was requested"
    assert set(simulation.history.writes) == set(simulation.batches.items)
    for stored in simulation.batches.items.values():
        batch = stored.batch
        assert batch.ended, f"{batch.id} has not ended"
        assert (batch.due_at is None, batch.ended_at is not None) == (True, True)
        _check_history(simulation.history.writes[batch.id])
        _check_calls(simulation, batch)
        _check_pin(simulation, batch)
        _check_store(simulation, batch)
        _check_report(simulation, batch)
        assert (batch.error is None) == (batch.status in {BatchStatus.COMPLETED, BatchStatus.PARTIAL_FAILED})
    _check_nobody_elses(simulation)


def _check_history(writes: Sequence[Write]) -> None:
    """See that nothing was taken back, and nothing done after the end."""
    for earlier, later in pairwise(writes):
        before, after = later.before, later.after
        assert before == earlier.after
        assert not before.ended, "an ended batch was written"
        assert _rank(before) <= _rank(after), "the status went back"
        assert before.attempt <= after.attempt
        assert before.calls_started <= after.calls_started, "a call was forgotten"
        assert before.progress.chunks <= after.progress.chunks, "progress was forgotten"
        assert before.import_started <= after.import_started
        for name in ("snapshot", "first_call_at", "accepted_at", "delivered_at", "robot_error"):
            known = getattr(before, name)
            assert known is None or known == getattr(after, name), f"{name} was forgotten or changed"
        if before.import_started:
            assert before.validation == after.validation, "the pinned validation was replaced"
        if before.validation is not None:
            assert after.validation is not None, "a validation was forgotten"


def _check_calls(simulation: Simulation, batch: Batch) -> None:
    """See that nobody called the robot while somebody else might be, and that only a refusal rejected."""
    for write in simulation.history.writes[batch.id]:
        if write.before is not None and write.before.calls_started < write.after.calls_started:
            assert write.at >= (write.before.call_until or 0.0), "two call at once"
    answers = simulation.history.answers.get(batch.id, [])
    assert len(answers) <= batch.calls_started
    if batch.status is BatchStatus.REJECTED:
        definite = [
            at
            for number, (at, answer) in enumerate(answers)
            if not (answer.accepted or answer.retryable or (answer.http_status == _CONFLICT and number > 0))
        ]
        assert definite, "it was rejected though the robot may have had it"
        uploads = simulation.history.uploads.get(batch.id, [])
        assert all(at > definite[-1] for at, *_ in uploads), "it was rejected though its result was there"


def _rank(batch: Batch) -> int:
    return _RANKS.get(batch.status, _ENDED)


def _check_pin(simulation: Simulation, batch: Batch) -> None:
    """See that what was pinned stood after the report, and before the pin."""
    for write in simulation.history.writes[batch.id]:
        if not write.after.import_started or write.before is None or write.before.import_started:
            continue
        assert write.after.validation is not None
        assert write.before.delivered_at is not None, "imported before it was reported"
        uploads = simulation.history.uploads[batch.id]
        number = [etag for _, etag, _ in uploads].index(write.after.validation.etag)
        assert uploads[number][0] <= write.at
        if number + 1 < len(uploads):
            assert uploads[number + 1][0] >= write.before.delivered_at, "an upload was pinned that stood no longer"


def _check_store(simulation: Simulation, batch: Batch) -> None:
    """See that exactly the good entries of the pinned upload are stored, once each."""
    stored = Counter(
        (UUID(item["reference_id"]), label)
        for item in simulation.references.enhancements.values()
        if (label := _label(item)).startswith(str(batch.id))
    )
    if not batch.import_started:
        assert not stored, "something was imported of a batch that was never pinned"
        return
    wanted = Counter(
        (entry.names or batch.id, _label(entry.line)) for entry in _pinned(simulation, batch) if entry.added
    )
    assert not stored - wanted, "something was imported that should not have been"
    if batch.report is not None:
        assert stored == wanted
    assert stored.total() >= batch.progress.added


def _check_report(simulation: Simulation, batch: Batch) -> None:
    """See that the report has a line for each entry and each missing reference, and that each is true."""
    whole = batch.status in {BatchStatus.COMPLETED, BatchStatus.PARTIAL_FAILED}
    # It takes ten tries in a row to give an import up.
    dead_letters = batch.import_started and simulation.calls.faults >= simulation.services.deadlines.progress_attempts
    assert batch.report is not None or dead_letters or not (whole or batch.import_started), "it was imported, with no report"
    if batch.report is None:
        return
    entries = _pinned(simulation, batch)
    lines = [json.loads(line) for line in _blob(simulation, batch, "validation.jsonl").splitlines()]
    text = _blob(simulation, batch, "validation.txt").decode().splitlines()
    missing = [item for item in simulation.reference_ids if item not in {entry.names for entry in entries}]
    assert len(text) == len(lines) == len(entries) + len(missing)
    for entry, line in zip(entries, lines, strict=False):
        assert (line["error"] is None) == entry.added
        assert line["reference_id"] == (None if entry.names is None else str(entry.names))
        assert not entry.refused or "too large" in line["error"]
    assert [UUID(line["reference_id"]) for line in lines[len(entries) :]] == missing
    assert all(line["error"] == report.MISSING for line in lines[len(entries) :])
    added = sum(entry.added for entry in entries)
    assert (batch.progress.added, batch.progress.refused) == (added, sum(entry.refused for entry in entries))
    complete = added == len(entries) and not missing
    assert batch.status is (
        BatchStatus.FAILED if added == 0 else BatchStatus.COMPLETED if complete else BatchStatus.PARTIAL_FAILED
    )


def _check_nobody_elses(simulation: Simulation) -> None:
    marks = {str(batch_id) for batch_id in simulation.batches.items}
    assert {_label(item)[:36] for item in simulation.references.enhancements.values()} <= marks


def _pinned(simulation: Simulation, batch: Batch) -> Sequence[Sent]:
    assert batch.validation is not None
    return next(sent for _, etag, sent in simulation.history.uploads[batch.id] if etag == batch.validation.etag)


def _blob(simulation: Simulation, batch: Batch, name: str) -> bytes:
    return simulation.files.blobs[f"{batch.id}/{batch.report}/{name}"]


def _label(enhancement: Any) -> str:
    label: str = enhancement["content"]["annotations"][0]["label"]
    return label


def ended_as(simulation: Simulation) -> Iterator[BatchStatus]:
    """Yield how each batch ended."""
    return (stored.batch.status for stored in simulation.batches.items.values())
