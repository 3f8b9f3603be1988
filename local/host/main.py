"""The host as a whole: what is read, what listens, and how it ends."""

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
from local.host.ending import stop_event
from local.host.host_json import HostJson, read_host_json
from local.host.http import HttpServer
from local.host.service_bus import ServiceBusListener
from local.host.telemetry import telemetry
from local.host.timer import TimerListener

log = logging.getLogger("host")

PORT_TAKEN = 3
# How long calls may go on that run when the host is to stop.
_GRACE_S = 3.0

Listener = ServiceBusListener | BlobListener | TimerListener


def main() -> int:
    """Run a function app until stdin ends or a signal comes; say in one line of JSON where it listens, or why not."""
    parser = argparse.ArgumentParser(prog="python -m local.host", description=main.__doc__)
    parser.add_argument("--app", type=Path, default=Path("function_app.py"), help="the function app to run")
    parser.add_argument("--host-json", type=Path, default=Path("host.json"), help="its host.json")
    parser.add_argument("--port", type=int, default=7071, help="0 for any free one")
    parser.add_argument("--every-event-twice", action="store_true", help="deliver each message and blob event twice")
    parser.add_argument(
        "--telemetry", type=Path, metavar="FOLDER", help="where spans, metrics and logs go as JSON lines"
    )
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        with telemetry(given.telemetry):
            host, functions = read_host_json(given.host_json), load_functions(given.app)
            return asyncio.run(_serve(functions, host, given))
    except HostError as error:
        _say({"error": str(error)})
        return 1


async def _serve(functions: list[Function], host: HostJson, given: argparse.Namespace) -> int:
    over_http = [one for one in functions if one.trigger["type"] == "httpTrigger"]
    server = HttpServer(over_http, host, grace_s=_GRACE_S)
    listeners = [_listener(one, host, twice=given.every_event_twice) for one in functions if one not in over_http]
    try:
        port = await server.start(given.port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise HostError(f"port {given.port} can't be had: {error.strerror}") from error
        _say({"error": f"port {given.port} is taken"})
        return PORT_TAKEN
    stopping = stop_event()
    running = [asyncio.create_task(listener.run(stopping)) for listener in listeners]
    _say({"ready": True, "port": port})
    # A listener that ends by itself has a bug: the host goes with it, loudly.
    await asyncio.wait([asyncio.create_task(stopping.wait()), *running], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    return await _end([asyncio.create_task(server.stop()), *running])


def _listener(function: Function, host: HostJson, *, twice: bool) -> Listener:
    kind = function.trigger["type"]
    if kind == "serviceBusTrigger":
        return ServiceBusListener(function, host, twice=twice)
    if kind == "blobTrigger":
        return BlobListener(function, host, twice=twice)
    return TimerListener(function, host)


async def _end(running: list[asyncio.Task[None]]) -> int:
    """Let what runs come to its end for a while; return the exit code, 1 if something broke."""
    over, late = await asyncio.wait(running, timeout=_GRACE_S)
    for task in late:
        task.cancel()
    broken = [error for task in over if (error := task.exception()) is not None]
    for error in broken:
        log.error("a listener broke", exc_info=error)
    return 1 if broken else 0


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)
