"""The host: it reads the app and host.json, runs the listeners, and stops them."""

import argparse
import asyncio
import errno
import json
import logging
import sys
from pathlib import Path
from typing import Any

from local.host.bindings import Function, HostError, load_functions
from local.host.blob import BlobListener
from local.host.host_json import HostJson, read_host_json
from local.host.http import HttpServer
from local.host.service_bus import ServiceBusListener
from local.host.shutdown import make_stop_event
from local.host.telemetry import telemetry
from local.host.timer import TimerListener

log = logging.getLogger("host")

PORT_IN_USE = 3
# How long running calls may take after the host is to stop.
_GRACE_S = 3.0

Listener = ServiceBusListener | BlobListener | TimerListener


def main() -> int:
    """Run a function app until stdin closes or a signal arrives. Print its port, or why it cannot start, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m local.host", description=main.__doc__)
    parser.add_argument("--app", type=Path, default=Path("function_app.py"), help="the function app to run")
    parser.add_argument("--host-json", type=Path, default=Path("host.json"), help="its host.json")
    parser.add_argument("--port", type=int, default=7071, help="0 for any free port")
    parser.add_argument("--every-event-twice", action="store_true", help="deliver each message and blob event twice")
    parser.add_argument(
        "--telemetry", type=Path, metavar="FOLDER", help="write spans, metrics and logs there, as JSON lines"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        with telemetry(arguments.telemetry):
            host, functions = read_host_json(arguments.host_json), load_functions(arguments.app)
            return asyncio.run(_serve(functions, host, arguments))
    except HostError as error:
        _print({"error": str(error)})
        return 1


async def _serve(functions: list[Function], host: HostJson, arguments: argparse.Namespace) -> int:
    over_http = [function for function in functions if function.trigger["type"] == "httpTrigger"]
    server = HttpServer(over_http, host, grace_s=_GRACE_S)
    listeners = [
        _make_listener(function, host, twice=arguments.every_event_twice)
        for function in functions
        if function not in over_http
    ]
    try:
        port = await server.start(arguments.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise HostError(f"port {arguments.port} cannot be used: {error.strerror}") from error
        _print({"error": f"port {arguments.port} is in use"})
        return PORT_IN_USE
    stopping = make_stop_event()
    running = [asyncio.create_task(listener.run(stopping)) for listener in listeners]
    _print({"ready": True, "port": port})
    # A listener that ends by itself has a bug, so the host stops with an error.
    await asyncio.wait([asyncio.create_task(stopping.wait()), *running], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    return await _stop([asyncio.create_task(server.stop()), *running])


def _make_listener(function: Function, host: HostJson, *, twice: bool) -> Listener:
    kind = function.trigger["type"]
    if kind == "serviceBusTrigger":
        return ServiceBusListener(function, host, twice=twice)
    if kind == "blobTrigger":
        return BlobListener(function, host, twice=twice)
    return TimerListener(function, host)


async def _stop(running: list[asyncio.Task[None]]) -> int:
    """Wait a limited time for the tasks, then cancel them. Return the exit code: 1 if a listener failed."""
    done, late = await asyncio.wait(running, timeout=_GRACE_S)
    for task in late:
        task.cancel()
    errors = [error for task in done if (error := task.exception()) is not None]
    for error in errors:
        log.error("a listener failed", exc_info=error)
    return 1 if errors else 0


def _print(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)
