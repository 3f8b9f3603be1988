"""Ports that can fail: the fakes, with a fault around any call."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from exchange.domain.errors import Unavailable, WriteConflict
from tests.simulation.faults import STALL_S, Fault, Plan


class Killed(BaseException):
    """The process is dead. Its later calls have no effect."""


class Process:
    """A process of the app. An invocation runs in it and dies with it."""

    def __init__(self) -> None:
        self.dead = False
        self.ended = False


current_process: ContextVar[Process] = ContextVar("current process")


@contextmanager
def running_process() -> Iterator[None]:
    """Run what is inside the context in a new process."""
    process = Process()
    token = current_process.set(process)
    try:
        yield
    finally:
        current_process.reset(token)
        process.ended = True


class Calls:
    """Records the calls of all ports and applies the plan to each."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.made: list[str] = []
        # Called with each call that starts.
        self.observe: Callable[[str], None] = lambda _call: None
        self.faults = 0

    async def start(self, call: str) -> Fault | None:
        """Start a call. It takes time, and may fail or kill the process before its effect.

        Return the fault for `finish`.
        """
        self._check_alive()
        fault = self.plan.choose_fault(len(self.made), call)
        self.made.append(call)
        self.observe(call)
        self.faults += fault is not None
        await asyncio.sleep(STALL_S if fault is Fault.STALLS else self.plan.choose_latency())
        self._check_alive()
        if fault is Fault.DIES_BEFORE:
            self._die()
        if fault is Fault.FAILS_BEFORE:
            raise Unavailable("The store is down.")
        if fault is Fault.THROTTLED:
            raise Unavailable("The request was throttled.", retry_after_s=3.0)
        if fault is Fault.WRITE_CONFLICT:
            raise WriteConflict("Another process wrote first.")
        return fault

    async def finish(self, fault: Fault | None) -> None:
        """Finish a call after its effect. It may still fail or kill the process."""
        if fault is Fault.DIES_AFTER:
            self._die()
        await asyncio.sleep(self.plan.choose_latency())
        self._check_alive()
        if fault is Fault.FAILS_AFTER:
            raise Unavailable("The response was lost.")

    def _check_alive(self) -> None:
        if current_process.get().dead:
            raise Killed

    def _die(self) -> None:
        current_process.get().dead = True
        raise Killed


class Unreliable:
    """A port whose calls pass through `Calls`."""

    def __init__(self, name: str, port: Any, calls: Calls) -> None:
        self._name = name
        self._port = port
        self._calls = calls

    def __getattr__(self, method: str) -> Any:
        call, inner = f"{self._name}.{method}", getattr(self._port, method)
        if call == "files.create":
            return lambda name: self._create(call, inner, name)
        if inspect.isasyncgenfunction(inner):
            return lambda *args: self._iterate(call, inner, *args)
        return lambda *args, **options: self._call(call, inner, *args, **options)

    async def _call(self, call: str, inner: Any, *args: Any, **options: Any) -> Any:
        fault = await self._calls.start(call)
        result = await inner(*args, **options)
        if fault is Fault.REPEATED:
            result = await inner(*args, **options)
        await self._calls.finish(fault)
        return result

    async def _iterate(self, call: str, inner: Any, *args: Any) -> AsyncIterator[Any]:
        """Make a call for each piece."""
        pieces = inner(*args)
        while True:
            fault = await self._calls.start(call)
            try:
                piece = await anext(pieces)
            except StopAsyncIteration:
                return
            await self._calls.finish(fault)
            yield piece

    @asynccontextmanager
    async def _create(self, call: str, inner: Any, name: str) -> AsyncIterator[Any]:
        """Make a call for each write and one that commits the blob. The blob does not exist before the last one."""
        parts: list[bytes] = []
        yield _Writer(call, parts, self._calls)
        fault = await self._calls.start(f"{call}.commit")
        async with inner(name) as blob:
            await blob.write(b"".join(parts))
        await self._calls.finish(fault)


class _Writer:
    def __init__(self, call: str, parts: list[bytes], calls: Calls) -> None:
        self._call = call
        self._parts = parts
        self._calls = calls

    async def write(self, data: bytes | bytearray) -> None:
        fault = await self._calls.start(f"{self._call}.write")
        self._parts.append(bytes(data))
        await self._calls.finish(fault)
