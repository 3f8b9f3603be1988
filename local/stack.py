"""The local stack: its parts in their order."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.app_settings import addresses, app_settings, stack_settings, write_json
from local.azure_resources import make_certificates, make_resources
from local.issuer import ROLES, make_key, mint
from local.parts import Part
from local.paths import EMULATORS, ROOT, TOPOLOGY

DEFAULT_PORTS = {"api": 7071, "blob": 10000, "queue": 10001, "cosmos": 8081, "servicebus": 5672, "issuer": 7072}


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
        self._watches: list[asyncio.Task[None]] = []
        self.file = options.folder / "stack.json"
        # The first part that ended by itself after it had been ready.
        self.crashed: asyncio.Future[Part] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Start everything, and write where it is. Raises StackError; then end() is still to be called."""
        folder = self._options.folder
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        self.file.unlink(missing_ok=True)
        certificate, key, bundle = make_certificates(folder / "tls")
        make_key(folder / "issuer.pem")
        _be_a_client(bundle)
        ports = await self._start_emulators(certificate, key)
        own = stack_settings(ports, bundle)
        settings = app_settings(own, self._options.settings)
        write_json(folder / "local.settings.json", {"IsEncrypted": False, "Values": settings})
        # On these emulators, wherever the caller's settings send the app.
        await make_resources(own["DATA_STORAGE"], own["COSMOS_ENDPOINT"], own["COSMOS_KEY"])
        if self._options.with_host:
            ports |= await self._start_host(settings)
        tokens = {role: mint(folder / "issuer.pem", role) for role in ROLES}
        write_json(self.file, {**addresses(ports), "tokens": tokens}, private=True)

    async def end(self) -> None:
        """End every part, the app first: nothing stays listening."""
        self.file.unlink(missing_ok=True)
        for part in reversed(self._parts):
            await part.end()
        await asyncio.gather(*self._watches)

    async def _start_emulators(self, certificate: Path, key: Path) -> dict[str, int]:
        wanted = self._options.ports
        arguments = {
            "azurite": ["--blob-port", str(wanted["blob"]), "--queue-port", str(wanted["queue"])],
            "cosmos": ["--port", str(wanted["cosmos"]), "--cert", str(certificate), "--key", str(key)],
            "servicebus": ["--port", str(wanted["servicebus"]), "--topology", str(TOPOLOGY)],
        }
        for name, given in arguments.items():
            await self._start(name, [str(self._options.node), str(EMULATORS / f"{name}.js"), *given], os.environ)
        issuer = ["--port", str(wanted["issuer"]), "--key", str(self._options.folder / "issuer.pem")]
        issuer += ["--tls", str(certificate), str(key)]
        await self._start("issuer", [sys.executable, "-m", "local.issuer", *issuer], _with_root(os.environ))
        tells = (
            {"blobPort": "blob", "queuePort": "queue"},
            {"port": "cosmos"},
            {"port": "servicebus"},
            {"port": "issuer"},
        )
        found = await asyncio.gather(*map(self._answering, self._parts, tells))
        return {name: port for ports in found for name, port in ports.items()}

    async def _start_host(self, settings: Mapping[str, str]) -> dict[str, int]:
        options = self._options
        command = [sys.executable, "-m", "local.host", "--app", str(options.app), "--host-json", str(options.host_json)]
        command += ["--port", str(options.ports["api"]), *(["--every-event-twice"] * options.every_event_twice)]
        command += ["--telemetry", str(options.folder / "telemetry")]
        host = await self._start("host", command, {**_with_root(os.environ), **settings})
        return await self._answering(host, {"port": "api"})

    async def _answering(self, part: Part, ports: Mapping[str, str]) -> dict[str, int]:
        """Wait until the part answers, say where, and watch it from then on; `ports` names the ports it tells of."""
        said = await part.ready()
        found = {name: int(said[key]) for key, name in ports.items()}
        self._watches.append(asyncio.create_task(self._watch(part)))
        for name, where in addresses(found).items():
            print(f"{name:<11}{where}", flush=True)
        return found

    async def _watch(self, part: Part) -> None:
        await part.over()
        if not self.crashed.done():
            self.crashed.set_result(part)

    async def _start(self, name: str, command: list[str], environment: Mapping[str, str]) -> Part:
        part = await Part.start(name, command, environment, self._options.folder / "logs")
        self._parts.append(part)
        return part


def _with_root(environment: Mapping[str, str]) -> dict[str, str]:
    """Let a process import this project from wherever it is started."""
    paths = os.pathsep.join(part for part in (str(ROOT), environment.get("PYTHONPATH")) if part)
    return {**environment, "PYTHONPATH": paths}


def _be_a_client(bundle: Path) -> None:
    """Let this process, which makes the resources, and those that it starts reach the emulators."""
    os.environ["SSL_CERT_FILE"] = str(bundle)
    # A proxy for the world outside would be asked for 127.0.0.1 too.
    direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = f"{direct},127.0.0.1,localhost" if direct else "127.0.0.1,localhost"
