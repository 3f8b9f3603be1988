"""The command line of a robot."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from exchange.contract.base import check_url
from exchange.robots.exchange import Credentials
from exchange.robots.functions import Judge
from exchange.robots.logs import FORMATTERS, set_up_logs
from exchange.robots.reference import Needs
from exchange.robots.serve import Service, StateError, serve
from exchange.robots.trial import TrialError, try_out

ID = "ROBOT_ID"
SECRET = "ROBOT_SECRET"  # noqa: S105 - the name of a variable  # nosec B105

MAX_PORT = 65_535


class _Robot(Protocol):
    name: str
    version: str | None
    needs: Needs

    def make_judge(self, workers: int) -> Judge:
        """Return what applies the author's function."""
        ...


def run(robot: _Robot, argv: Sequence[str] | None) -> None:
    """Run the command line of this robot."""
    parser = make_parser(robot.name)
    arguments = parser.parse_args(argv)
    set_up_logs(arguments.log)
    judge = robot.make_judge(arguments.workers)
    try:
        if arguments.file:
            _try(robot, judge, arguments.file)
            return
        if not arguments.api:
            parser.error("--api is required: the address of the exchange")
        credentials = _read_credentials(parser)
        folder = (arguments.state or _find_cache_folder()) / str(credentials.robot_id)
        service = Service(robot.version, credentials, arguments.api, arguments.host, arguments.port, folder)
        asyncio.run(serve(service, judge))
    except (TrialError, StateError) as error:
        sys.exit(str(error))
    finally:
        judge.close()


def _try(robot: _Robot, judge: Judge, file: Path) -> None:
    try:
        asyncio.run(try_out(judge, robot.needs, file, sys.stdout.buffer))
    except OSError as error:
        # Python would complain about the output again at its end.
        sys.stdout = None
        # The reader of the output has gone, for example `head`.
        if isinstance(error, BrokenPipeError):
            return
        raise TrialError(f"The lines cannot be printed: {error.strerror}.") from None


def make_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=f"Serve the robot '{name}'. {ID} and {SECRET} are read from the environment, because every user of "
        "a machine can see command lines."
    )
    parser.add_argument("--api", type=_parse_url, help="the address of the exchange")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
    parser.add_argument("--port", type=_parse_port, default=8000, help="the port to listen on (default: 8000)")
    parser.add_argument(
        "--workers", type=_parse_count, default=1, help="how many calls of the function run at once (default: 1)"
    )
    parser.add_argument(
        "--state", type=Path, help="the folder for accepted jobs and unfinished results (default: the user's cache)"
    )
    parser.add_argument("--log", choices=sorted(FORMATTERS), default="json", help="the form of the log on stderr")
    parser.add_argument(
        "--try",
        dest="file",
        metavar="FILE",
        type=Path,
        help="do not serve: apply the function to the references in a JSONL file, and print the result lines",
    )
    return parser


def _parse_url(text: str) -> str:
    try:
        return check_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _parse_port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"must be 0 to {MAX_PORT}")
    return int(text)


def _parse_count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return int(text)


def _read_credentials(parser: argparse.ArgumentParser) -> Credentials:
    missing = [name for name in (ID, SECRET) if not os.environ.get(name)]
    if missing:
        names = " and ".join(missing)
        parser.error(f"set {names} in the environment: the answer to the robot's registration has the values")
    try:
        return Credentials(UUID(os.environ[ID]), os.environ[SECRET])
    except ValueError:
        parser.error(f"{ID} must be the id in the answer to the robot's registration, which is a UUID")


def _find_cache_folder() -> Path:
    """Return the user's cache folder. A user without a home, as in some containers, has the working folder."""
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache) / "exchange-robots"
    try:
        home = Path.home()
    except RuntimeError:
        return Path(".robot")
    caches = home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
    return caches / "exchange-robots"
