"""Metrics: how batches ended, what became of entries, how robots failed, and how long operations take."""

from opentelemetry import metrics

from exchange.contract.batches import ErrorCode
from exchange.contract.webhooks import DeliveryState
from exchange.domain.batch import Batch
from exchange.domain.transitions.transition import Transition

# From one point read to an import of many chunks, in seconds.
_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)

_meter = metrics.get_meter("exchange")
_ended = _meter.create_counter("exchange.batches.ended", "{batch}", "Batches that ended, by status.")
_entries = _meter.create_counter(
    "exchange.result.entries", "{entry}", "Result entries and missing references of imported batches, by kind."
)
_failures = _meter.create_counter("exchange.robot.failures", "{failure}", "Failures of robots, by kind.")
_expired_leases = _meter.create_counter("exchange.leases.expired", "{lease}", "Leases that expired, by robot.")
_deliveries = _meter.create_counter(
    "exchange.webhook.deliveries", "{delivery}", "Deliveries to webhooks that have an end, by state."
)
_durations = _meter.create_histogram(
    "exchange.operation.duration", "s", "Duration of operations.", explicit_bucket_boundaries_advisory=_BUCKETS
)


def record_duration(operation: str, seconds: float, error: str | None) -> None:
    """Record the duration of an operation, and the class of the error that ended it."""
    _durations.record(seconds, {"operation": operation} if error is None else {"operation": operation, "error": error})


def record_webhook_delivery(state: DeliveryState) -> None:
    """Count a delivery that was delivered, or failed after its last attempt."""
    _deliveries.add(1, {"state": state.value})


def record_lost_notification() -> None:
    """Count the end of a batch of which no webhook could be notified. It counts as one failed delivery."""
    _deliveries.add(1, {"state": DeliveryState.FAILED.value})


def record_transition(before: Batch, transition: Transition) -> None:
    """Count a transition. To be called once for each that was written."""
    after = transition.batch
    if transition.failure is not None:
        _failures.add(1, {"robot_id": str(after.robot_id), "kind": transition.failure.value})
    if after.ended and not before.ended:
        if _ended_by_expiry(after):
            _expired_leases.add(1, {"robot_id": str(after.robot_id)})
        if after.part is None:
            _ended.add(1, {"status": after.status.value})
        for kind, count in _count_entries(after).items():
            if count:
                _entries.add(count, {"kind": kind})


def _ended_by_expiry(batch: Batch) -> bool:
    """Return whether the batch is a part that ended because its lease expired. One that was given back has not."""
    without_result = {ErrorCode.LEASE_EXPIRED, ErrorCode.ROBOT_TIMEOUT}
    return batch.lease is not None and not batch.lease.given_back and batch.error_code in without_result


def _count_entries(batch: Batch) -> dict[str, int]:
    """Count the entries of an imported batch by kind. `missing` counts references that no entry names."""
    validation, progress = batch.validation, batch.progress
    if not batch.import_started or validation is None:
        return {}
    return {
        "added": progress.added,
        "refused": progress.refused,
        "not_accepted": validation.entries - validation.accepted,
        "not_imported": validation.accepted - progress.added - progress.refused,
        "missing": validation.missing,
    }
