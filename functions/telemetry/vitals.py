"""Gauges: how the exchange as a whole is, as the sweep last saw it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from functions.contract.batches import BatchStatus

_OPEN = (BatchStatus.RECEIVED, BatchStatus.ACCEPTED, BatchStatus.IMPORTING)

# The sweep may move on to another instance: this one is not to repeat for ever what it saw last.
FRESH_S = 150.0


@dataclass(frozen=True, slots=True)
class _Vitals:
    seen_at: float
    open_by_status: Mapping[str, int]
    oldest_age_s: float
    poison_depth: int


_last: list[_Vitals] = []


def record_vitals(open_by_status: Mapping[str, int], oldest_age_s: float, poison_depth: int) -> None:
    """Record how many batches are open, the age of the oldest of them (0 if none is), and the poison queue's depth."""
    _last[:] = [_Vitals(monotonic(), open_by_status, oldest_age_s, poison_depth)]


def _fresh() -> list[_Vitals]:
    return [one for one in _last if monotonic() - one.seen_at < FRESH_S]


def _open(_: CallbackOptions) -> Iterable[Observation]:
    for one in _fresh():
        for status in _OPEN:
            yield Observation(one.open_by_status.get(status, 0), {"status": status.value})


def _oldest(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(one.oldest_age_s) for one in _fresh()]


def _poison(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(one.poison_depth) for one in _fresh()]


_meter = metrics.get_meter("functions")
_meter.create_observable_gauge("exchange.batches.open", [_open], "{batch}", "Batches that have not ended, by status.")
_meter.create_observable_gauge("exchange.batches.oldest_age", [_oldest], "s", "Age of the oldest unfinished batch.")
_meter.create_observable_gauge("exchange.poison_queue.depth", [_poison], "{message}", "Blob events given up on.")
