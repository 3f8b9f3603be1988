"""The emulators behind proxies, and hosts of our own: those of `local.up` take the whole stack with them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from local.parts import Part
from tests.e2e.exchange import Exchange, exchange_on
from tests.faults.deliveries import mixed
from tests.faults.jobs import Conduct, Job, Plan
from tests.faults.proxy import Proxy
from tests.stacks import ROOT, Stack

_KILLED_S = 10.0
PROXIED = ("blob", "cosmos", "servicebus")

SETTINGS = {
    "SWEEP_SCHEDULE": "* * * * * *",
    "ROBOT_CALL_TIMEOUT_S": "1",
    "ROBOT_RETRY_FIRST_DELAY_S": "0.3",
    "ROBOT_RETRY_MAX_DELAY_S": "1",
    "ROBOT_RETRY_TOTAL_S": "15",
    "DISPATCH_OVERDUE_S": "2",
    "VALIDATION_WAIT_S": "2",
    "CALLBACK_WAIT_S": "10",
    "ROBOT_SILENCE_LIMIT_S": "60",
    "PROGRESS_LIMIT_S": "2",
    "PROGRESS_ATTEMPTS": "20",
    "IMPORT_CHUNK_ENTRIES": "100",
}


class Site:
    """One set of emulators, for hosts that come and go."""

    def __init__(self, exchange: Exchange, addresses: dict[str, str], proxies: dict[str, Proxy]) -> None:
        self.exchange = exchange
        # The exchange's own; it talks to the host that was started last.
        self.addresses = addresses
        self.proxies = proxies
        self._hosts = 0

    @property
    def settings(self) -> dict[str, str]:
        """The settings by which a host finds the emulators: through the proxies."""
        settings = dict(self.exchange.stack.settings)
        for name in PROXIED:
            port = urlsplit(self.addresses[name]).port
            for key, value in settings.items():
                settings[key] = value.replace(f"127.0.0.1:{port}", f"127.0.0.1:{self.proxies[name].port}")
        return settings

    @asynccontextmanager
    async def host(self, *options: str, **settings: str) -> AsyncIterator[Part]:
        """Run one more host; it is gone at the end, however the test ends."""
        self._hosts += 1
        command = [sys.executable, "-m", "local.host", "--app", str(ROOT / "function_app.py")]
        command += ["--host-json", str(ROOT / "host.json"), "--port", "0", *options]
        direct = dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost")
        environment = {**os.environ, **direct, "PYTHONPATH": str(ROOT), **self.settings, **SETTINGS, **settings}
        part = await Part.start(f"host-{self._hosts}", command, environment, self.exchange.stack.folder / "logs")
        over: asyncio.Task[None] | None = None
        try:
            said = await part.ready()
            over = asyncio.create_task(part.over())
            self.addresses["api"] = f"http://127.0.0.1:{said['port']}"
            yield part
        finally:
            await part.end()
            if over is not None:
                await over

    async def load(self, count: int) -> list[str]:
        """Load references that nobody else has."""
        line = json.dumps({"visibility": "public", "identifiers": [], "enhancements": []}).encode() + b"\n"
        headers = {"Content-Type": "application/jsonl", **self.exchange.as_role("operator")}
        async with self.exchange.session.post(
            f"{self.addresses['api']}/references/", data=line * count, headers=headers
        ) as response:
            assert response.status == 200
            return [json.loads(loaded)["id"] for loaded in (await response.read()).splitlines()]

    @asynccontextmanager
    async def job(
        self,
        conduct: Conduct,
        references: Sequence[str],
        times: int = 1,
        *,
        plan: Plan = mixed,
        door: Proxy | None = None,
    ) -> AsyncIterator[Job]:
        """Request a batch of a robot that behaves like this."""
        async with Job(self.exchange, references, times, plan).running(conduct, door) as job:
            yield job


@asynccontextmanager
async def site_on(stack: Stack) -> AsyncIterator[Site]:
    """Put proxies before the emulators of this stack."""
    addresses = dict(stack.addresses)
    async with AsyncExitStack() as exits:
        proxies = {}
        for name in PROXIED:
            proxies[name] = Proxy(urlsplit(addresses[name]).port or 0)
            exits.push_async_callback(proxies[name].close)
            await proxies[name].start()
        exchange = await exits.enter_async_context(exchange_on(replace(stack, addresses=addresses)))
        yield Site(exchange, addresses, proxies)


async def kill(host: Part) -> None:
    """Kill it as `kill -9` does: nothing of it has its own end."""
    host.process.kill()
    await asyncio.wait_for(host.process.wait(), _KILLED_S)
    assert host.process.returncode == -signal.SIGKILL
