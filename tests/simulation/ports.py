"""The fakes of the ports, with everything that can go wrong around each call."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from exchange.domain.errors import WriteConflict, Unavailable
from tests.simulation.faults import STALL_S, Fault, Plan


class Killed(BaseException):
    """The process is dead: nothing that it still does has an effect."""


class Process:
    """A process of the app: an invocation runs in it, and dies with it."""

    def __init__(self) -> None:
        self.dead = False


current: ContextVar[Process] = ContextVar("current process")


class Calls:
    """Counts the calls of all ports, and does to each what the plan says."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.made: list[str] = []
        self.faults = 0

    async def before(self, call: str) -> Fault | None:
        """Begin a call: it takes its time, and may fail or kill before it has an effect; return what is to come."""
        self._alive()
        fault = self.plan.fault(len(self.made), call)
        self.made.append(call)
        self.faults += fault is not None
        await asyncio.sleep(STALL_S if fault is Fault.STALLS else self.plan.latency())
        self._alive()
        if fault is Fault.DIES_BEFORE:
            self._die()
        if fault is Fault.FAILS_BEFORE:
            raise Unavailable("it is down")
        if fault is Fault.THROTTLED:
            raise Unavailable("it is throttled", retry_after_s=3.0)
        if fault is Fault.MAX_CONFLICTS:
            raise WriteConflict("somebody else wrote first")
        return fault

    async def after(self, fault: Fault | None) -> None:
        """End a call whose effect has happened."""
        if fault is Fault.DIES_AFTER:
            self._die()
        await asyncio.sleep(self.plan.latency())
        self._alive()
        if fault is Fault.FAILS_AFTER:
            raise Unavailable("the answer was lost")

    def _alive(self) -> None:
        if current.get().dead:
            raise Killed

    def _die(self) -> None:
        current.get().dead = True
        raise Killed


class Unreliable:
    """A port whose calls go through `Calls`."""

    def __init__(self, name: str, port: Any, calls: Calls) -> None:
        self._name = name
        self._port = port
        self._calls = calls

    def __getattr__(self, method: str) -> Any:
        call, inner = f"{self._name}.{method}", getattr(self._port, method)
        if call == "files.create":
            return lambda name: self._writing(call, inner, name)
        if inspect.isasyncgenfunction(inner):
            return lambda *args: self._yielding(call, inner, *args)
        return lambda *args, **options: self._calling(call, inner, *args, **options)

    async def _calling(self, call: str, inner: Any, *args: Any, **options: Any) -> Any:
        fault = await self._calls.before(call)
        result = await inner(*args, **options)
        await self._calls.after(fault)
        return result

    async def _yielding(self, call: str, inner: Any, *args: Any) -> AsyncIterator[Any]:
        """Each piece is a call of its own."""
        pieces = inner(*args)
        while True:
            fault = await self._calls.before(call)
            try:
                piece = await anext(pieces)
            except StopAsyncIteration:
                return
            await self._calls.after(fault)
            yield piece

    @asynccontextmanager
    async def _writing(self, call: str, inner: Any, name: str) -> AsyncIterator[Any]:
        """Let the blob be there after the last call, which commits it, and not before."""
        parts: list[bytes] = []
        yield _Writer(call, parts, self._calls)
        fault = await self._calls.before(f"{call}.commit")
        async with inner(name) as blob:
            await blob.write(b"".join(parts))
        await self._calls.after(fault)


class _Writer:
    def __init__(self, call: str, parts: list[bytes], calls: Calls) -> None:
        self._call = call
        self._parts = parts
        self._calls = calls

    async def write(self, data: bytes | bytearray) -> None:
        fault = await self._calls.before(f"{self._call}.write")
        self._parts.append(bytes(data))
        await self._calls.after(fault)
