"""What goes wrong at which call of a port."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import Protocol


class Fault(Enum):
    """How a call goes wrong. `AFTER`: its effect has happened, and nobody is told."""

    FAILS_BEFORE = auto()
    FAILS_AFTER = auto()
    THROTTLED = auto()
    MAX_CONFLICTS = auto()
    DIES_BEFORE = auto()
    DIES_AFTER = auto()
    STALLS = auto()


# How long a stalled call takes: longer than a robot's call, a message's lock and the wait for a validation.
STALL_S = 200.0

# Calls that only look: dying after one is dying before the next.
_READS = {"load", "current_upload", "read", "exists", "missing", "snapshot", "due", "sign_read_url", "sign_upload_url", "find"}


def faults_of(call: str) -> tuple[Fault, ...]:
    """Return how a call, `port.method`, can go wrong that makes a difference."""
    port, _, method = call.partition(".")
    if port == "robot_calls":
        # What a robot and the network do is the answer's; it never raises.
        return (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.STALLS)
    if method in _READS:
        return (Fault.FAILS_BEFORE, Fault.THROTTLED, Fault.DIES_BEFORE, Fault.STALLS)
    writes = (Fault.FAILS_BEFORE, Fault.FAILS_AFTER, Fault.THROTTLED, Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.STALLS)
    return (*writes, Fault.MAX_CONFLICTS) if call == "batches.replace" else writes


class Plan(Protocol):
    """Decides about each call."""

    def fault(self, number: int, call: str) -> Fault | None:
        """Return what goes wrong at call number `number` of the whole run, if anything."""

    def latency(self) -> float:
        """Return how long the call takes, in seconds."""

    def deliveries(self) -> Sequence[float]:
        """Return how late a message comes, in seconds, once for each time that it does: it may be lost."""


@dataclass(slots=True)
class Broken:
    """Calls of one kind go wrong for good, once the call `after` has been made."""

    call: str
    how: Fault
    after: str
    latency_s: float = 0.01
    begun: bool = False

    def fault(self, _number: int, call: str) -> Fault | None:
        found = self.how if self.begun and call == self.call else None
        self.begun = self.begun or call == self.after
        return found

    def latency(self) -> float:
        return self.latency_s

    def deliveries(self) -> Sequence[float]:
        return (0.0,)


@dataclass(slots=True)
class Planned:
    """Exactly these faults, by the numbers of the calls; every call takes equally long."""

    faults: Mapping[int, Fault] = field(default_factory=dict)
    messages: Sequence[float] = (0.0,)

    def fault(self, number: int, call: str) -> Fault | None:
        found = self.faults.get(number)
        return found if found in faults_of(call) else None

    def latency(self) -> float:
        return 0.01

    def deliveries(self) -> Sequence[float]:
        return self.messages


class Rolled:
    """Faults by chance, as often as `share` says."""

    def __init__(self, random: Random, share: float) -> None:
        self._random = random
        self._share = share

    def fault(self, _number: int, call: str) -> Fault | None:
        if self._random.random() >= self._share:
            return None
        return self._random.choice(faults_of(call))

    def latency(self) -> float:
        return self._random.choice((0.001, 0.01, 0.01, 0.05, 0.5, 5.0))

    def deliveries(self) -> Sequence[float]:
        return self._random.choice(((0.0,), (0.0,), (0.0, 0.0), (0.0, 0.1, 90.0), (30.0,), (0.0, 600.0), ()))
