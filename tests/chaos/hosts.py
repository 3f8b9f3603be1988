"""The hosts: each at its own proxies, and all of them behind one address."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from local.component import Component
from tests.chaos.plan import HOSTS, Events, Fault, Kind
from tests.e2e.exchange import Exchange, exchange_on
from tests.faults.proxied_stack import ProxiedStack, kill, run_proxies
from tests.faults.proxy import Proxy
from tests.stacks import Stack

# Longer than a client retries when a store refuses connections, so that one outage alone uses up no deadline.
RETRY_TOTAL_S = 30.0
SILENCE_LIMIT_S = 30.0
SETTINGS = {
    "ROBOT_RETRY_TOTAL_S": str(RETRY_TOTAL_S),
    "ROBOT_SILENCE_LIMIT_S": str(SILENCE_LIMIT_S),
    "PROGRESS_ATTEMPTS": "40",
    "OPEN_BATCHES_LIMIT": "100000",
}
_SLOW_S = 0.1
_MIN_UP_S = 4.0
# The local host polls for uploads instead of receiving events.
_WITHOUT_UPLOADS = {"LOCAL_BLOB_POLL_SECONDS": "86400"}
# What only a bug logs.
_BUGS = ("unexpected error", "a listener failed")
_EXPECTED_SWEEP_ERRORS = ("Unavailable", "WriteConflict")
_SWEEP_ERROR = "could not be swept: "


class Front(Proxy):
    """The address of all hosts. Each new connection goes to the next host that runs."""

    def __init__(self) -> None:
        super().__init__()
        self._ports: list[int] = []
        self._next = 0
        self.has_host = asyncio.Event()

    def add(self, port: int) -> None:
        """Forward new connections to this host, too."""
        self._ports.append(port)
        self.has_host.set()

    def remove(self, port: int) -> None:
        """Forward no more connections to this host."""
        self._ports.remove(port)
        if not self._ports:
            self.has_host.clear()

    def choose_target(self) -> int:
        """Return the port of the next host. Without a host, return a port that refuses connections."""
        self._next += 1
        return self._ports[self._next % len(self._ports)] if self._ports else 0


class HostPlace:
    """A place for one host. The host is killed and started again at the same proxies."""

    def __init__(self, number: int, stack: ProxiedStack, front: Front) -> None:
        self.stack = stack
        self._number = number
        self._front = front
        self._exits = AsyncExitStack()
        self._host: Component | None = None
        self._port = 0
        self._started_at = 0.0
        self.logs: list[Component] = []
        self._restarting = asyncio.Lock()

    async def start(self, events: Events = Events.ONCE) -> None:
        """Start a host to which these events are delivered."""
        options = ("--every-event-twice",) if events is Events.TWICE else ()
        settings = SETTINGS | _WITHOUT_UPLOADS if events is Events.NO_UPLOADS else SETTINGS
        self._host = await self._exits.enter_async_context(self.stack.run_host(*options, **settings))
        self.logs.append(self._host)
        self._port = urlsplit(self.stack.addresses["api"]).port or 0
        self._started_at = time.monotonic()
        self._front.add(self._port)

    async def restart(self, down_s: float, events: Events) -> None:
        """Kill the host and start another one after a time."""
        # A host runs for a while before it is killed, even if it started slowly. Otherwise requestors find no host.
        async with self._restarting:
            await asyncio.sleep(self._started_at + _MIN_UP_S - time.monotonic())
            await self._kill()
            await asyncio.sleep(down_s)
            await self.start(events)

    async def _kill(self) -> None:
        """Kill the host. Raises AssertionError if it has ended by itself."""
        assert self._host is not None, "no host runs here"
        self._front.remove(self._port)
        ended = self._host.process.returncode
        assert ended is None, f"host {self._number + 1} ended by itself with exit code {ended}"
        await kill(self._host)
        await self._exits.aclose()

    async def stop(self) -> None:
        """Stop the host, if one runs."""
        await self._exits.aclose()

    def find_bugs(self) -> list[str]:
        """Return the lines of the logs that only a bug writes."""
        lines = (line for host in self.logs for line in host.log.read_text(errors="replace").splitlines())
        return [f"host {self._number + 1}: {line}" for line in lines if _is_bug(line)]


def _is_bug(line: str) -> bool:
    _, _, error = line.partition(_SWEEP_ERROR)
    return any(bug in line for bug in _BUGS) or (bool(error) and error.strip() not in _EXPECTED_SWEEP_ERRORS)


class Hosts:
    """All places, and the faults that happen to them."""

    def __init__(self, places: Sequence[HostPlace], front: Front, exchange: Exchange) -> None:
        self.places = places
        self.front = front
        # The client of all hosts, for requestors and robots.
        self.exchange = exchange

    async def cause(self, fault: Fault) -> None:
        """Cause the fault, and heal it after its time."""
        places = [self.places[number] for number in fault.hosts]
        proxies = [place.stack.proxies[fault.service] for place in places] if fault.service else []
        match fault.kind:
            case Kind.KILL:
                await asyncio.gather(*(place.restart(fault.duration_s, fault.events) for place in places))
            case Kind.CUT:
                for proxy in proxies:
                    proxy.cut()
            case Kind.HANG_UP:
                self.front.cut()
            case Kind.OUTAGE | Kind.STALL | Kind.SLOW:
                async with AsyncExitStack() as exits:
                    for proxy in proxies:
                        await _start(fault.kind, proxy, exits)
                    await asyncio.sleep(fault.duration_s)


async def _start(kind: Kind, proxy: Proxy, exits: AsyncExitStack) -> None:
    if kind is Kind.OUTAGE:
        await exits.enter_async_context(proxy.unreachable())
    elif kind is Kind.STALL:
        exits.enter_context(proxy.stalled())
    else:
        exits.enter_context(proxy.slow(_SLOW_S))


@asynccontextmanager
async def run_hosts(emulators: Stack) -> AsyncIterator[Hosts]:
    """Run the hosts on these emulators."""
    async with AsyncExitStack() as exits:
        front = Front()
        exits.push_async_callback(front.close)
        await front.start()
        addresses = {**emulators.addresses, "api": f"http://127.0.0.1:{front.port}"}
        exchange = await exits.enter_async_context(exchange_on(replace(emulators, addresses=addresses)))
        places = []
        for number in HOSTS:
            # The logs of the hosts that run here are numbered from 101, or from 201.
            stack = await exits.enter_async_context(run_proxies(emulators, 100 * (number + 1) + 1))
            places.append(HostPlace(number, stack, front))
            exits.push_async_callback(places[-1].stop)
        await asyncio.gather(*(place.start() for place in places))
        yield Hosts(places, front, exchange)
