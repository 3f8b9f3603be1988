"""The local stack: its components, in the order in which they start."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.app_settings import make_addresses, make_app_settings, make_stack_settings, write_json
from local.azure_resources import allow_console, make_certificates, make_resources
from local.component import Component
from local.issuer import BROWSER_LIFETIME_S, ROLES, make_key, mint
from local.paths import EMULATORS, ROOT, TOPOLOGY

DEFAULT_PORTS = {
    "api": 7071,
    "blob": 10000,
    "queue": 10001,
    "cosmos": 8081,
    "servicebus": 5672,
    "issuer": 7072,
    "sign_in": 7073,
}

# The components that keep their data on disk, if `Options.data` is set.
_KEEP_DATA = ("azurite", "cosmos")
# The documents are in the heap. Node's own limit is 4 GiB, which is some 250,000 references.
_HEAP_LIMIT = "--max-old-space-size-percentage=75"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run a stack. The port 0 means any free port."""

    folder: Path
    node: Path
    ports: Mapping[str, int]
    app: Path
    host_json: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    with_host: bool = True
    every_event_twice: bool = False
    # Where references, robots, batches and files are kept on disk. None keeps them in memory.
    data: Path | None = None
    # The locked file. Its lock lasts until the processes that write to `data` have ended, even if this one is killed.
    lock: int | None = None
    # Of the access tokens that users of the console get.
    sign_in_lifetime_s: int = BROWSER_LIFETIME_S


class Stack:
    """Starts the components, writes their addresses to a file, and stops them."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._components: list[Component] = []
        self._watches: list[asyncio.Task[None]] = []
        self.file = options.folder / "stack.json"
        # By the names of the components, once all of them are ready.
        self.addresses: dict[str, str] = {}
        # The first component that ended by itself after it was ready.
        self.crashed: asyncio.Future[Component] = asyncio.get_running_loop().create_future()

    async def start(self) -> None:
        """Start all components and write the file. Raises StackError. The caller must call `stop` in any case."""
        folder = self._options.folder
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        self.file.unlink(missing_ok=True)
        certificate, key, bundle = make_certificates(folder / "tls")
        # With the same key as before, the tokens of an earlier start remain valid.
        if self._options.data is None or not (folder / "issuer.pem").exists():
            make_key(folder / "issuer.pem")
        if self._options.data is not None:
            # The data has secrets of robots and webhooks.
            self._options.data.mkdir(mode=0o700, exist_ok=True)
        _trust_emulators(bundle)
        ports = await self._start_emulators(certificate, key)
        stack_settings = make_stack_settings(ports, bundle)
        settings = make_app_settings(stack_settings, self._options.settings)
        write_json(folder / "local.settings.json", {"IsEncrypted": False, "Values": settings})
        # Always on these emulators, even if the caller's settings connect the app to others.
        await make_resources(
            stack_settings["DATA_STORAGE"], stack_settings["COSMOS_ENDPOINT"], stack_settings["COSMOS_KEY"]
        )
        if self._options.with_host:
            ports |= await self._start_host(settings)
            await allow_console(stack_settings["DATA_STORAGE"], ports["api"])
        tokens = {role: mint(folder / "issuer.pem", role) for role in ROLES}
        self.addresses = make_addresses(ports)
        write_json(self.file, {**self.addresses, "tokens": tokens})

    async def stop(self) -> None:
        """Stop every component, the function app first. Afterwards no port is in use."""
        self.file.unlink(missing_ok=True)
        for component in reversed(self._components):
            await component.stop()
        await asyncio.gather(*self._watches)

    async def _start_emulators(self, certificate: Path, key: Path) -> dict[str, int]:
        ports = self._options.ports
        options = {
            "azurite": ["--blob-port", str(ports["blob"]), "--queue-port", str(ports["queue"])],
            "cosmos": ["--port", str(ports["cosmos"]), "--cert", str(certificate), "--key", str(key)],
            "servicebus": ["--port", str(ports["servicebus"]), "--topology", str(TOPOLOGY)],
        }
        if self._options.data is not None:
            for name in _KEEP_DATA:
                options[name] += ["--data", str(self._options.data / name)]
        for name, some_options in options.items():
            command = [str(self._options.node), _HEAP_LIMIT, str(EMULATORS / f"{name}.js"), *some_options]
            await self._start(name, command, os.environ)
        issuer = ["--port", str(ports["issuer"]), "--key", str(self._options.folder / "issuer.pem")]
        issuer += ["--tls", str(certificate), str(key), "--sign-in-port", str(ports["sign_in"])]
        issuer += ["--lifetime", str(self._options.sign_in_lifetime_s)]
        await self._start("issuer", [sys.executable, "-m", "local.issuer", *issuer], _with_python_path(os.environ))
        # The ports in each component's message, in the order of their start, and our names for them.
        port_names = (
            {"blobPort": "blob", "queuePort": "queue"},
            {"port": "cosmos"},
            {"port": "servicebus"},
            {"port": "issuer", "signInPort": "sign_in"},
        )
        found = await asyncio.gather(*map(self._wait_and_watch, self._components, port_names))
        return {name: port for some_ports in found for name, port in some_ports.items()}

    async def _start_host(self, settings: Mapping[str, str]) -> dict[str, int]:
        options = self._options
        command = [sys.executable, "-m", "local.host", "--app", str(options.app), "--host-json", str(options.host_json)]
        command += ["--port", str(options.ports["api"]), *(["--every-event-twice"] * options.every_event_twice)]
        command += ["--telemetry", str(options.folder / "telemetry")]
        host = await self._start("host", command, {**_with_python_path(os.environ), **settings})
        return await self._wait_and_watch(host, {"port": "api"})

    async def _wait_and_watch(self, component: Component, port_names: Mapping[str, str]) -> dict[str, int]:
        """Wait until the component is ready, print its addresses, and watch it. Return its ports by our names."""
        message = await component.wait_until_ready()
        ports = {name: int(message[key]) for key, name in port_names.items()}
        self._watches.append(asyncio.create_task(self._watch(component)))
        for name, address in make_addresses(ports).items():
            print(f"{name:<11}{address}", flush=True)
        return ports

    async def _watch(self, component: Component) -> None:
        await component.wait()
        if not self.crashed.done():
            self.crashed.set_result(component)

    async def _start(self, name: str, command: list[str], environment: Mapping[str, str]) -> Component:
        options = self._options
        lock = options.lock if name in _KEEP_DATA else None
        component = await Component.start(name, command, environment, options.folder / "logs", lock)
        self._components.append(component)
        return component


def _with_python_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Add this project to the PYTHONPATH, so that a process can import it from any folder."""
    paths = os.pathsep.join(path for path in (str(ROOT), environment.get("PYTHONPATH")) if path)
    return {**environment, "PYTHONPATH": paths}


def _trust_emulators(bundle: Path) -> None:
    """Make this process and its children trust the emulators' certificate and connect to them without a proxy."""
    os.environ["SSL_CERT_FILE"] = str(bundle)
    without_proxy = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = f"{without_proxy},127.0.0.1,localhost" if without_proxy else "127.0.0.1,localhost"
