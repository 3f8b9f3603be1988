"""Running a robot as a process of its own."""

import argparse
import asyncio
import contextlib
import logging
from collections.abc import Callable

import aiohttp
from aiohttp import web

from samples.robot.robot import Robot
from samples.robot.wire import Exchange

# A large batch takes as long as it takes; a connection with nothing coming is given up.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


def main(make: Callable[[Exchange], web.Application] = lambda exchange: Robot(exchange).app()) -> None:
    """Serve the robot that is made for the exchange until it is stopped."""
    parser = argparse.ArgumentParser(description="Serve a robot.")
    parser.add_argument("--port", type=int, default=8000, help="where to listen, on this machine only")
    parser.add_argument("--api", required=True, help="the address of the exchange")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(make, given.api, given.port))


async def _serve(make: Callable[[Exchange], web.Application], api: str, port: int) -> None:
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        runner = web.AppRunner(make(Exchange(api, session)), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        logging.getLogger("robot").info("listening at port %d", port)
        await asyncio.Event().wait()
