"""What happens in a run, and when. The same seed always gives the same plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.chaos.robots import ROBOTS
from tests.faults.proxied_stack import PROXIED

HOSTS = (0, 1)
REFERENCES = 40

_REQUEST_INTERVAL_S = 0.6
# The first seconds without faults, and the mean time between two faults.
_FIRST_FAULT_S = 1.0
_FAULT_INTERVAL_S = 0.9
# A proxy rests after a fault, so that the clients' retries can succeed.
_REST_S = 1.5
# A host needs some seconds to start.
_REST_AFTER_KILL_S = 6.0
_MAX_FAULT_S = 6.0
_MAX_DOWN_S = 3.0


class Kind(StrEnum):
    """The kinds of faults."""

    KILL = "kill"
    OUTAGE = "outage"
    STALL = "stall"
    SLOW = "slow"
    CUT = "cut"
    HANG_UP = "hang up"


class Events(StrEnum):
    """How often a host delivers each event to the app."""

    ONCE = "once"
    TWICE = "twice"
    NO_UPLOADS = "no uploads"


_WEIGHTS = {Kind.KILL: 3, Kind.OUTAGE: 4, Kind.STALL: 3, Kind.SLOW: 2, Kind.CUT: 4, Kind.HANG_UP: 1}


@dataclass(frozen=True, slots=True)
class Request:
    """A batch request, in seconds after the start. `references` are numbers of loaded references."""

    at: float
    robot: str
    references: tuple[int, ...]
    times: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of these hosts, or of their connections to a service.

    A host that was killed is started again after `duration_s`. Then `events` says which events are delivered.
    """

    at: float
    kind: Kind
    hosts: tuple[int, ...]
    service: str = ""
    duration_s: float = 0.0
    events: Events = Events.ONCE

    def __str__(self) -> str:
        hosts = " and ".join(str(number + 1) for number in self.hosts)
        match self.kind:
            case Kind.KILL:
                events = "" if self.events is Events.ONCE else f", then events: {self.events}"
                return f"host {hosts}, down for {self.duration_s:.1f} s{events}"
            case Kind.CUT:
                return f"all connections of host {hosts} to {self.service}"
            case Kind.HANG_UP:
                return "all connections of clients to the hosts"
            case _:
                return f"{self.service} for host {hosts}, for {self.duration_s:.1f} s"


@dataclass(frozen=True, slots=True)
class Plan:
    """The batch requests and the faults of a run. All faults have ended after `seconds`."""

    seed: int
    seconds: float
    requests: tuple[Request, ...]
    faults: tuple[Fault, ...]


def make_plan(seed: int, seconds: float) -> Plan:
    """Make the plan of this seed."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    return Plan(seed, seconds, tuple(_plan_requests(random, seconds)), tuple(_plan_faults(random, seconds)))


def _plan_requests(random: Random, seconds: float) -> Iterator[Request]:
    """Draw the robots from a deck, so that each comes about as often. Draw those whose batches end late early."""
    deck: list[str] = []
    for number in range(int(seconds / _REQUEST_INTERVAL_S)):
        at = (number + random.random()) * _REQUEST_INTERVAL_S
        late = at > seconds / 2
        while not (possible := [name for name in deck if not (late and ROBOTS[name].ends_late)]):
            deck += random.sample(sorted(ROBOTS), len(ROBOTS))
        deck.remove(possible[0])
        references = random.sample(range(REFERENCES), random.randint(3, 20))
        yield Request(round(at, 2), possible[0], tuple(references), random.choice((1, 2, 5, 10, 30)))


def _plan_faults(random: Random, seconds: float) -> Iterator[Fault]:
    """Draw faults. A host or a proxy has one fault at a time."""
    busy_until: dict[object, float] = {}
    at = _FIRST_FAULT_S
    while (at := at + random.expovariate(1 / _FAULT_INTERVAL_S)) < seconds:
        fault = _draw_fault(random, round(at, 2), seconds)
        parts = [(number, fault.service) for number in fault.hosts]
        if all(busy_until.get(part, 0.0) <= fault.at for part in parts):
            rest_s = _REST_AFTER_KILL_S if fault.kind is Kind.KILL else _REST_S
            busy_until.update(dict.fromkeys(parts, fault.at + fault.duration_s + rest_s))
            yield fault


def _draw_fault(random: Random, at: float, seconds: float) -> Fault:
    kind = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    # Both hosts are seldom down, because requestors can do nothing then.
    hosts = random.choice(((0,), (1,), HOSTS) if kind is not Kind.KILL else ((0,), (1,), (0,), (1,), HOSTS))
    service = random.choice(PROXIED)
    longest = _MAX_DOWN_S if kind is Kind.KILL else _MAX_FAULT_S
    duration_s = round(min(random.uniform(0.3, longest), seconds - at), 2)
    events = random.choices(list(Events), (6, 3, 2))[0]
    match kind:
        case Kind.KILL:
            return Fault(at, kind, hosts, duration_s=duration_s, events=events)
        case Kind.CUT:
            return Fault(at, kind, hosts, service)
        case Kind.HANG_UP:
            return Fault(at, kind, ())
        case _:
            return Fault(at, kind, hosts, service, duration_s)
