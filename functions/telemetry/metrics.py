"""Metrics: what came of batches, and how long the steps take."""

from opentelemetry import metrics

from functions.contract.batches import BatchStatus
from functions.domain import events
from functions.domain.batch import Batch, Phase
from functions.domain.events import Event

# From a point read to an import of many windows.
_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)

_meter = metrics.get_meter("functions")
_ended = _meter.create_counter("exchange.batches.ended", "{batch}", "Batches that ended, by their status.")
_entries = _meter.create_counter(
    "exchange.result.entries", "{entry}", "Of batches whose import had begun, when they end: what became of each entry."
)
_failures = _meter.create_counter("exchange.robot.failures", "{failure}", "What went wrong with robots, by kind.")
_steps = _meter.create_histogram(
    "exchange.step.duration", "s", "How long steps take.", explicit_bucket_boundaries_advisory=_SECONDS
)


def record_step(step: str, seconds: float, error: str | None) -> None:
    """Record how long a step took, and the class of the error that it ended by."""
    _steps.record(seconds, {"step": step} if error is None else {"step": step, "error": error})


def record_move(before: Batch, event: Event, after: Batch) -> None:
    """Count what this move means. To be called once for each that was written."""
    if failure := _failure(before, event, after):
        _failures.add(1, {"robot_id": str(after.robot_id), "kind": failure})
    if not after.ended or before.ended:
        return
    _ended.add(1, {"status": after.status.value})
    for outcome, count in _outcomes(after).items():
        if count:
            _entries.add(count, {"outcome": outcome})


def _failure(before: Batch, event: Event, after: Batch) -> str | None:
    """Say what the robot failed in, if that is what moved the batch."""
    if isinstance(event, events.RobotRefused) and after.status is BatchStatus.REJECTED:
        return "rejected"
    if isinstance(event, events.RobotOutOfReach) and after.phase is not Phase.ACCEPTED:
        return "out_of_reach"
    if isinstance(event, events.ReportedError) and after.ended:
        return "error_reported"
    if isinstance(event, events.Swept) and before.phase is Phase.ACCEPTED and after.ended:
        return "silent" if event.seen else None
    return None


def _outcomes(batch: Batch) -> dict[str, int]:
    """Sort the entries of the result: each counts once. `missing` are references that no entry names."""
    validation, progress = batch.validation, batch.progress
    if not batch.pinned or validation is None:
        return {}
    return {
        "added": progress.added,
        "refused": progress.refused,
        "not_accepted": validation.entries - validation.accepted,
        "not_imported": validation.accepted - progress.added - progress.refused,
        "missing": validation.missing,
    }
