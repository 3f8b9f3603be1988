"""Gauges of the exchange as a whole, with the values that the sweep collected last."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from exchange.domain.stats import Stats

# Older values are not reported, because another instance may have newer ones.
MAX_AGE_S = 150.0


@dataclass(frozen=True, slots=True)
class _Collected:
    at: float
    stats: Stats


_last: list[_Collected] = []


def record_stats(stats: Stats) -> None:
    """Record the values that the gauges report until they are too old."""
    _last[:] = [_Collected(monotonic(), stats)]


def _current() -> list[Stats]:
    return [collected.stats for collected in _last if monotonic() - collected.at < MAX_AGE_S]


def _observe_open(_: CallbackOptions) -> Iterable[Observation]:
    for stats in _current():
        for status, count in stats.open_batches.items():
            yield Observation(count, {"status": status.value})


def _observe_oldest(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(stats.oldest_age_s) for stats in _current()]


def _observe_overdue(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(stats.longest_overdue_s) for stats in _current()]


def _observe_fetch_waits(_: CallbackOptions) -> Iterable[Observation]:
    for stats in _current():
        for robot_id, wait_s in stats.fetch_waits_s.items():
            yield Observation(wait_s, {"robot_id": str(robot_id)})


def _observe_poison_queue(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(stats.poison_queue_depth) for stats in _current() if stats.poison_queue_depth is not None]


def _observe_dead_letters(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(stats.event_dead_letters) for stats in _current() if stats.event_dead_letters is not None]


_meter = metrics.get_meter("exchange")
_meter.create_observable_gauge("exchange.batches.open", [_observe_open], "{batch}", "Open batches, by status.")
_meter.create_observable_gauge(
    "exchange.batches.oldest_age", [_observe_oldest], "s", "Age of the oldest open batch, without batches in parts."
)
_meter.create_observable_gauge(
    "exchange.batches.longest_overdue", [_observe_overdue], "s", "Time since the longest passed deadline of a batch."
)
_meter.create_observable_gauge(
    "exchange.fetch.wait", [_observe_fetch_waits], "s", "How long references wait to be fetched, by robot."
)
_meter.create_observable_gauge(
    "exchange.poison_queue.depth", [_observe_poison_queue], "{message}", "Blob events in the poison queue."
)
_meter.create_observable_gauge(
    "exchange.event_grid.dead_letters", [_observe_dead_letters], "{blob}", "Events that Event Grid could not deliver."
)
