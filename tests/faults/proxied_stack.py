"""The emulators behind proxies, and hosts that a test starts and kills.

The host of `local.up` cannot be used, because the whole stack ends with it.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

from local.component import Component
from tests.e2e.exchange import Exchange, exchange_on
from tests.faults.deliveries import make_mixed_delivery
from tests.faults.proxy import Proxy
from tests.faults.watched_batch import Behaviour, MakeDelivery, WatchedBatch
from tests.stacks import ROOT, Stack

_KILL_TIMEOUT_S = 10.0
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


class ProxiedStack:
    """One set of emulators. The hosts of all tests run on it, one after another or two at a time."""

    def __init__(
        self, exchange: Exchange, addresses: dict[str, str], proxies: dict[str, Proxy], hosts: "count[int]"
    ) -> None:
        self.exchange = exchange
        # The same object as in `exchange`, so that requests go to the host that was started last.
        self.addresses = addresses
        self.proxies = proxies
        # The number of the next host's log.
        self._hosts = hosts

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the app, with the addresses of the proxies."""
        settings = dict(self.exchange.stack.settings)
        for name in PROXIED:
            port = urlsplit(self.addresses[name]).port
            for key, value in settings.items():
                settings[key] = value.replace(f"127.0.0.1:{port}", f"127.0.0.1:{self.proxies[name].port}")
        return settings

    @asynccontextmanager
    async def run_host(self, *options: str, **settings: str) -> AsyncIterator[Component]:
        """Run another host until the context ends."""
        command = [sys.executable, "-m", "local.host", "--app", str(ROOT / "function_app.py")]
        command += ["--host-json", str(ROOT / "host.json"), "--port", "0", *options]
        direct = dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost")
        environment = {**os.environ, **direct, "PYTHONPATH": str(ROOT), **self.settings, **SETTINGS, **settings}
        logs = self.exchange.stack.folder / "logs"
        host = await Component.start(f"host-{next(self._hosts)}", command, environment, logs)
        ended: asyncio.Task[None] | None = None
        try:
            message = await host.wait_until_ready()
            ended = asyncio.create_task(host.wait())
            self.addresses["api"] = f"http://127.0.0.1:{message['port']}"
            yield host
        finally:
            await host.stop()
            if ended is not None:
                await ended

    async def load(self, count: int) -> list[str]:
        """Load new references and return their ids."""
        identifiers = (
            {"identifier_type": "other", "identifier": str(uuid4()), "other_identifier_name": "test"}
            for _ in range(count)
        )
        lines = (json.dumps({"identifiers": [item]}).encode() for item in identifiers)
        return [str(loaded.id) async for loaded in self.exchange.as_user("operator").load_references(lines)]

    @asynccontextmanager
    async def run_batch(
        self,
        behaviour: Behaviour,
        references: Sequence[str],
        times: int = 1,
        *,
        make_delivery: MakeDelivery = make_mixed_delivery,
        proxy: Proxy | None = None,
    ) -> AsyncIterator[WatchedBatch]:
        """Run a robot with this behaviour, and request a batch of it. Its result has `times` entries per reference."""
        batch = WatchedBatch(self.exchange, references, times, make_delivery)
        async with batch.run(behaviour, proxy):
            yield batch


@asynccontextmanager
async def run_proxies(stack: Stack, first_host: int = 1) -> AsyncIterator[ProxiedStack]:
    """Run proxies in front of the emulators of this stack. The logs of the hosts are numbered from `first_host`."""
    addresses = dict(stack.addresses)
    async with AsyncExitStack() as exits:
        proxies = {}
        for name in PROXIED:
            proxies[name] = Proxy(urlsplit(addresses[name]).port or 0)
            exits.push_async_callback(proxies[name].close)
            await proxies[name].start()
        exchange = await exits.enter_async_context(exchange_on(replace(stack, addresses=addresses)))
        yield ProxiedStack(exchange, addresses, proxies, count(first_host))


async def kill(host: Component) -> None:
    """Kill the host as `kill -9` does, so that it cannot clean up."""
    host.process.kill()
    await asyncio.wait_for(host.process.wait(), _KILL_TIMEOUT_S)
    assert host.process.returncode == -signal.SIGKILL
