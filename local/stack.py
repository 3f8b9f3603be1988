"""The local stack: its parts in their order, and what ends it."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.app_settings import addresses, app_settings, write_json
from local.azure_resources import make_certificates, make_resources
from local.parts import Part
from local.paths import EMULATORS, ROOT, TOPOLOGY

DEFAULT_PORTS = {"api": 7071, "blob": 10000, "queue": 10001, "cosmos": 8081, "servicebus": 5672}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a stack is to run; a port of 0 is any free one."""

    folder: Path
    node: Path
    ports: Mapping[str, int]
    app: Path
    host_json: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    with_host: bool = True
    every_event_twice: bool = False


class Stack:
    """Starts the parts, writes where they are, and ends them."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._parts: list[Part] = []
        self.file = options.folder / "stack.json"

    async def start(self) -> dict[str, str]:
        """Start everything and return where it is. Raises StackError; then end() is still to be called."""
        folder = self._options.folder
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        self.file.unlink(missing_ok=True)
        certificate, key, bundle = make_certificates(folder / "tls")
        # This process makes the resources, and is a client like any other.
        os.environ["SSL_CERT_FILE"] = str(bundle)
        ports = await self._start_emulators(certificate, key)
        settings = app_settings(ports, bundle, self._options.settings)
        write_json(folder / "local.settings.json", {"IsEncrypted": False, "Values": settings})
        await make_resources(settings["DATA_STORAGE"], settings["COSMOS_ENDPOINT"], settings["COSMOS_KEY"])
        if self._options.with_host:
            ports["api"] = await self._start_host(settings)
        where = addresses(ports)
        write_json(self.file, where)
        return where

    async def crashed(self) -> Part:
        """Wait until a part ends by itself, and return it."""
        waits = {asyncio.ensure_future(part.process.wait()): part for part in self._parts}
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        return waits[done.pop()]

    async def end(self) -> None:
        """End every part, the app first: nothing stays listening."""
        self.file.unlink(missing_ok=True)
        for part in reversed(self._parts):
            await part.end()

    async def _start_emulators(self, certificate: Path, key: Path) -> dict[str, int]:
        wanted = self._options.ports
        arguments = {
            "azurite": ["--blob-port", str(wanted["blob"]), "--queue-port", str(wanted["queue"])],
            "cosmos": ["--port", str(wanted["cosmos"]), "--cert", str(certificate), "--key", str(key)],
            "servicebus": ["--port", str(wanted["servicebus"]), "--topology", str(TOPOLOGY)],
        }
        for name, given in arguments.items():
            await self._start(name, [str(self._options.node), str(EMULATORS / f"{name}.js"), *given], os.environ)
        azurite, cosmos, servicebus = await asyncio.gather(*(part.ready() for part in self._parts))
        return {
            "blob": azurite["blobPort"],
            "queue": azurite["queuePort"],
            "cosmos": cosmos["port"],
            "servicebus": servicebus["port"],
        }

    async def _start_host(self, settings: Mapping[str, str]) -> int:
        options = self._options
        command = [sys.executable, "-m", "local.host", "--app", str(options.app), "--host-json", str(options.host_json)]
        command += ["--port", str(options.ports["api"]), *(["--every-event-twice"] * options.every_event_twice)]
        paths = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH")) if part)
        part = await self._start("host", command, {**os.environ, "PYTHONPATH": paths, **settings})
        port: int = (await part.ready())["port"]
        return port

    async def _start(self, name: str, command: list[str], environment: Mapping[str, str]) -> Part:
        part = await Part.start(name, command, environment, self._options.folder / "logs")
        self._parts.append(part)
        return part
