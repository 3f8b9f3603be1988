"""The process of a robot: its arguments, its environment and its log."""

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

from samples.robot_from_scratch.robot import Robot
from samples.robot_from_scratch.signing import Credentials
from samples.robot_from_scratch.wire import Exchange

ID = "ROBOT_ID"
SECRET = "ROBOT_SECRET"  # noqa: S105 - the name of a variable

# A large batch may take any time in total, but a connection without data is closed.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)


def main(make_app: Callable[[Exchange], web.Application] = lambda exchange: Robot(exchange).make_app()) -> None:
    """Serve a robot until it is stopped.

    Its id and secret are read from the environment, because every user of a machine can see command lines.
    """
    parser = argparse.ArgumentParser(description=f"Serve a robot. {ID} and {SECRET} are read from the environment.")
    parser.add_argument("--port", type=int, default=8000, help="the port to listen on, on this machine only")
    parser.add_argument("--api", required=True, help="the address of the exchange")
    arguments = parser.parse_args()
    missing = [name for name in (ID, SECRET) if not os.environ.get(name)]
    if missing:
        names = " and ".join(missing)
        parser.error(f"set {names} in the environment: the answer to the robot's registration has the values")
    try:
        credentials = Credentials(UUID(os.environ[ID]), os.environ[SECRET])
    except ValueError:
        parser.error(f"{ID} must be the id in the answer to the robot's registration, which is a UUID")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(_serve(make_app, arguments.api, arguments.port, credentials))
        except OSError as error:
            sys.exit(f"The robot cannot listen on port {arguments.port}: {error.strerror}. Choose another with --port.")


async def _serve(
    make_app: Callable[[Exchange], web.Application], api: str, port: int, credentials: Credentials
) -> None:
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        runner = web.AppRunner(make_app(Exchange(api, credentials, session)), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        logging.getLogger("robot").info("listening on port %d", port)
        await asyncio.Event().wait()
