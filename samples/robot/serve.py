"""Running a robot as a process of its own."""

import argparse
import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable
from uuid import UUID

import aiohttp
from aiohttp import web

from samples.robot.robot import Robot
from samples.robot.signing import Credentials
from samples.robot.wire import Exchange

ID = "ROBOT_ID"
SECRET = "ROBOT_SECRET"  # noqa: S105 - the name of a variable

# A large batch takes as long as it takes; a connection with nothing coming is given up.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


def main(make: Callable[[Exchange], web.Application] = lambda exchange: Robot(exchange).app()) -> None:
    """Serve the robot that is made for the exchange until it is stopped.

    What it was given at its registration comes in the environment, as a command line is there for all to see.
    """
    parser = argparse.ArgumentParser(description=f"Serve a robot. {ID} and {SECRET} are read from the environment.")
    parser.add_argument("--port", type=int, default=8000, help="where to listen, on this machine only")
    parser.add_argument("--api", required=True, help="the address of the exchange")
    given = parser.parse_args()
    missing = [name for name in (ID, SECRET) if not os.environ.get(name)]
    if missing:
        parser.error(f"the environment lacks {' and '.join(missing)}, which the registration of the robot gives out")
    credentials = Credentials(UUID(os.environ[ID]), os.environ[SECRET])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(_serve(make, given.api, given.port, credentials))
        except OSError as error:
            sys.exit(f"The robot can't listen at port {given.port}: {error.strerror}. Choose another with --port.")


async def _serve(make: Callable[[Exchange], web.Application], api: str, port: int, credentials: Credentials) -> None:
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        runner = web.AppRunner(make(Exchange(api, credentials, session)), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        logging.getLogger("robot").info("listening at port %d", port)
        await asyncio.Event().wait()
