"""Faults: which call of a port goes wrong, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import Protocol


class Fault(Enum):
    """How a call goes wrong. With a fault named `AFTER` the call has its effect, but the caller does not know it.

    `REPEATED` is what the client library does if the connection breaks after the effect: it repeats the call.
    """

    FAILS_BEFORE = auto()
    FAILS_AFTER = auto()
    THROTTLED = auto()
    WRITE_CONFLICT = auto()
    DIES_BEFORE = auto()
    DIES_AFTER = auto()
    STALLS = auto()
    REPEATED = auto()


# Duration of a stalled call: longer than a robot's call, a message's lock, and the wait for a validation.
STALL_S = 200.0

# Methods that only read. To die after one of these calls is the same as to die before the next call.
READS = {
    "load",
    "find_upload",
    "read",
    "exists",
    "find_missing",
    "find_enhanced",
    "stream",
    "read_page",
    "list_overdue",
    "list_available",
    "sign_read_url",
    "sign_upload_url",
}


def list_faults(call: str) -> tuple[Fault, ...]:
    """Return the faults that make a difference for a call, `port.method`."""
    port, _, method = call.partition(".")
    if port in {"robot_calls", "webhook_calls"}:
        # These ports never raise. The answer holds every failure of the receiver and of the network.
        return (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.STALLS)
    if method in READS:
        return (Fault.FAILS_BEFORE, Fault.THROTTLED, Fault.DIES_BEFORE, Fault.STALLS)
    writes = (Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.THROTTLED, Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.STALLS)
    if call in {"batches.create", "references.create", "claims.claim", "webhook_deliveries.create"}:
        return (*writes, Fault.REPEATED)
    return (*writes, Fault.WRITE_CONFLICT) if method == "replace" else writes


class Plan(Protocol):
    """Decides for each call whether it goes wrong and how long it takes, and when messages arrive."""

    def choose_fault(self, number: int, call: str) -> Fault | None:
        """Return the fault of call number `number` of the run, if it has one."""

    def choose_latency(self) -> float:
        """Return the duration of a call in seconds."""

    def choose_delays(self) -> Sequence[float]:
        """Return the delay of each delivery of a message in seconds. A message without deliveries is lost."""


@dataclass(slots=True)
class BrokenCall:
    """A plan in which one call fails every time, from the first call of `after` on."""

    call: str
    fault: Fault
    after: str
    latency_s: float = 0.01
    started: bool = False

    def choose_fault(self, _number: int, call: str) -> Fault | None:
        fault = self.fault if self.started and call == self.call else None
        self.started = self.started or call == self.after
        return fault

    def choose_latency(self) -> float:
        return self.latency_s

    def choose_delays(self) -> Sequence[float]:
        return (0.0,)


@dataclass(slots=True)
class FixedPlan:
    """A plan with exactly these faults, by the numbers of the calls. All calls take the same time."""

    faults: Mapping[int, Fault] = field(default_factory=dict)
    delays: Sequence[float] = (0.0,)

    def choose_fault(self, number: int, call: str) -> Fault | None:
        fault = self.faults.get(number)
        return fault if fault in list_faults(call) else None

    def choose_latency(self) -> float:
        return 0.01

    def choose_delays(self) -> Sequence[float]:
        return self.delays


class LossyPlan:
    """A plan without faults of calls, in which half of the messages are lost."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def choose_fault(self, _number: int, _call: str) -> Fault | None:
        return None

    def choose_latency(self) -> float:
        return 0.01

    def choose_delays(self) -> Sequence[float]:
        return self._random.choice(((), (0.0,)))


class RandomPlan:
    """A plan in which this share of the calls goes wrong at random."""

    def __init__(self, random: Random, share: float) -> None:
        self._random = random
        self._share = share

    def choose_fault(self, _number: int, call: str) -> Fault | None:
        if self._random.random() >= self._share:
            return None
        return self._random.choice(list_faults(call))

    def choose_latency(self) -> float:
        return self._random.choice((0.001, 0.01, 0.01, 0.05, 0.5, 5.0))

    def choose_delays(self) -> Sequence[float]:
        return self._random.choice(((0.0,), (0.0,), (0.0, 0.0), (0.0, 0.1, 90.0), (30.0,), (0.0, 600.0), ()))
