"""Gauges: how the exchange as a whole is, as the sweep last saw it."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from functions.domain.vitals import Vitals

# The sweep may move on to another instance: this one is not to repeat for ever what it saw last.
FRESH_S = 150.0


@dataclass(frozen=True, slots=True)
class _Seen:
    at: float
    vitals: Vitals


_last: list[_Seen] = []


def record_vitals(vitals: Vitals) -> None:
    """Record what is to be told at each interval, until it is too old."""
    _last[:] = [_Seen(monotonic(), vitals)]


def _fresh() -> list[Vitals]:
    return [one.vitals for one in _last if monotonic() - one.at < FRESH_S]


def _open(_: CallbackOptions) -> Iterable[Observation]:
    for one in _fresh():
        for status, count in one.unfinished.items():
            yield Observation(count, {"status": status.value})


def _oldest(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(one.oldest_s) for one in _fresh()]


def _poisoned(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(one.poisoned) for one in _fresh() if one.poisoned is not None]


def _undelivered(_: CallbackOptions) -> Iterable[Observation]:
    return [Observation(one.undelivered) for one in _fresh() if one.undelivered is not None]


_meter = metrics.get_meter("functions")
_meter.create_observable_gauge("exchange.batches.open", [_open], "{batch}", "Batches that have not ended, by status.")
_meter.create_observable_gauge("exchange.batches.oldest_age", [_oldest], "s", "Age of the oldest unfinished batch.")
_meter.create_observable_gauge("exchange.poison_queue.depth", [_poisoned], "{message}", "Blob events given up on.")
_meter.create_observable_gauge("exchange.events.undelivered", [_undelivered], "{blob}", "Events never delivered.")
