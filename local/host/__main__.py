"""`python -m local.host`: run a function app on this machine."""

import argparse
import asyncio
import json
import logging
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from local.host.bindings import Function, HostError, load_functions
from local.host.blob import BlobListener
from local.host.host_json import HostJson, read_host_json
from local.host.http import HttpServer
from local.host.service_bus import ServiceBusListener
from local.host.timer import TimerListener

PORT_TAKEN = 3


def main() -> int:
    """Run until stdin ends or a signal comes; say in one line of JSON on stdout where it listens, or why not."""
    options = argparse.ArgumentParser(prog="python -m local.host", description=main.__doc__)
    options.add_argument("--app", type=Path, default=Path("function_app.py"))
    options.add_argument("--host-json", type=Path, default=Path("host.json"))
    options.add_argument("--port", type=int, default=7071)
    options.add_argument("--every-event-twice", action="store_true", help="deliver each message and blob event twice")
    given = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        host, functions = read_host_json(given.host_json), load_functions(given.app)
        return asyncio.run(_serve(functions, host, given.port, twice=given.every_event_twice))
    except HostError as error:
        return _say({"error": str(error)}, 1)


async def _serve(functions: list[Function], host: HostJson, port: int, *, twice: bool) -> int:
    server = HttpServer([item for item in functions if item.trigger["type"] == "httpTrigger"], host)
    listeners = [_listener(item, host, twice=twice) for item in functions if item.trigger["type"] != "httpTrigger"]
    try:
        actual = await server.start(port)
    except OSError:
        for listener in listeners:
            listener.close()
        return _say({"error": f"port {port} is taken"}, PORT_TAKEN)
    running = [asyncio.ensure_future(listener) for listener in listeners]
    _say({"ready": True, "port": actual}, 0)
    ended = asyncio.ensure_future(_end())
    # A listener that ends by itself has a bug: the host goes with it, loudly.
    await asyncio.wait([ended, *running], return_when=asyncio.FIRST_COMPLETED)
    await server.stop()
    for task in running:
        task.cancel()
    results = await asyncio.gather(*running, return_exceptions=True)
    broken = [result for result in results if isinstance(result, Exception)]
    if broken:
        raise ExceptionGroup("a listener broke", broken)
    return 0


def _listener(function: Function, host: HostJson, *, twice: bool) -> Coroutine[Any, Any, None]:
    kind = function.trigger["type"]
    if kind == "serviceBusTrigger":
        return ServiceBusListener(function, host, twice=twice).run()
    if kind == "blobTrigger":
        return BlobListener(function, host, twice=twice).run()
    return TimerListener(function, host).run()


async def _end() -> None:
    """Wait for a signal, or for the end of stdin, which is that of the parent."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    waits = [asyncio.ensure_future(ended.wait()), asyncio.ensure_future(reader.read())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)


def _say(message: dict[str, Any], code: int) -> int:
    print(json.dumps(message), flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
