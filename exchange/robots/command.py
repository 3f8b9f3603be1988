"""The command line of a robot."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from exchange.contract.base import check_url
from exchange.robots.exchange import Credentials
from exchange.robots.functions import Judge
from exchange.robots.leases import MAX_LIMIT, Terms
from exchange.robots.logs import FORMATTERS, set_up_logs
from exchange.robots.pull import Pace, Pull, pull
from exchange.robots.reference import Needs
from exchange.robots.serve import ServeError, Service, serve
from exchange.robots.trial import TrialError, try_out

ID = "ROBOT_ID"
SECRET = "ROBOT_SECRET"  # noqa: S105 - the name of a variable  # nosec B105

MAX_PORT = 65_535
# A shorter lease would be lost in a busy moment, and costs requests.
MIN_LEASE_S = 3


class _Robot(Protocol):
    name: str
    version: str | None
    needs: Needs

    def make_judge(self, workers: int) -> Judge:
        """Return what applies the author's function."""
        ...


class UsageError(Exception):
    """The robot needs something that was not given. The message says what."""


class RunError(Exception):
    """The robot cannot run. The message says why."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a robot.

    With a `file`, its function is tried on the references in it. With `pull` it fetches its jobs. Otherwise it serves.
    """

    api: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    pull: bool = False
    limit: int = Terms().limit
    lease: int = Terms().lease_s
    workers: int = 1
    state: Path | None = None
    log: str = "json"
    file: Path | None = None


DEFAULTS = Options()


def run(robot: _Robot, argv: Sequence[str] | None) -> None:
    """Run the command line of this robot."""
    parser = make_parser(robot.name)
    options = Options(**vars(parser.parse_args(argv)))
    try:
        start(robot, options, read_credentials)
    except UsageError as error:
        parser.error(str(error))
    except RunError as error:
        sys.exit(str(error))


def start(robot: _Robot, options: Options, read: Callable[[], Credentials]) -> None:
    """Serve the robot, fetch its jobs, or try its function. Raises UsageError and RunError."""
    set_up_logs(options.log)
    try:
        judge = robot.make_judge(options.workers)
    except ValueError as error:
        raise RunError(f"The robot cannot run: {error}.") from None
    try:
        if options.file:
            _try(robot, judge, options.file)
        else:
            _run_until_stopped(robot, judge, options, read)
    except (TrialError, ServeError) as error:
        raise RunError(str(error)) from None
    finally:
        judge.close()


def _run_until_stopped(robot: _Robot, judge: Judge, options: Options, read: Callable[[], Credentials]) -> None:
    if not options.api:
        raise UsageError("--api is required: the address of the exchange")
    credentials = read()
    if options.pull:
        terms = Terms(options.limit, options.lease)
        asyncio.run(pull(Pull(credentials, options.api, terms, Pace(options.workers), options.state), judge))
        return
    folder = (options.state or _find_cache_folder()) / str(credentials.robot_id)
    asyncio.run(serve(Service(robot.version, credentials, options.api, options.host, options.port, folder), judge))


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
        description=f"Serve the robot '{name}', or let it fetch its jobs. {ID} and {SECRET} are read from the "
        "environment, because every user of a machine can see command lines."
    )
    parser.add_argument("--api", type=_parse_url, help="the address of the exchange")
    parser.add_argument("--host", default=DEFAULTS.host, help="the address to listen on (default: this machine only)")
    parser.add_argument("--port", type=_parse_port, default=DEFAULTS.port, help="the port to listen on (default: 8000)")
    _add_pull_arguments(parser)
    parser.add_argument(
        "--workers",
        type=_parse_count,
        default=DEFAULTS.workers,
        help="how many calls of the function run at once, and with --pull also how many jobs (default: 1)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        help="the folder for accepted jobs and unfinished results (default: the user's cache, with --pull the "
        "system's folder for temporary files)",
    )
    parser.add_argument("--log", choices=sorted(FORMATTERS), default=DEFAULTS.log, help="the form of the log on stderr")
    parser.add_argument(
        "--try",
        dest="file",
        metavar="FILE",
        type=Path,
        help="do not serve: apply the function to the references in a JSONL file, and print the result lines",
    )
    return parser


def _add_pull_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pull", action="store_true", help="do not serve: fetch jobs from the exchange")
    parser.add_argument(
        "--limit", type=_parse_limit, default=DEFAULTS.limit, help="the references in a fetched job (default: 1000)"
    )
    parser.add_argument(
        "--lease",
        type=_parse_lease,
        default=DEFAULTS.lease,
        metavar="SECONDS",
        help="how long a fetched job is kept for a process that has died (default: 600)",
    )


def _parse_limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise argparse.ArgumentTypeError(f"must be 1 to {MAX_LIMIT}")
    return int(text)


def _parse_lease(text: str) -> int:
    if not text.isdecimal() or int(text) < MIN_LEASE_S:
        raise argparse.ArgumentTypeError(f"must be at least {MIN_LEASE_S} seconds")
    return int(text)


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


def read_credentials() -> Credentials:
    """Return the id and the secret in the environment. Raises UsageError."""
    missing = [name for name in (ID, SECRET) if not os.environ.get(name)]
    if missing:
        names = " and ".join(missing)
        raise UsageError(f"set {names} in the environment: the answer to the robot's registration has the values")
    try:
        return Credentials(UUID(os.environ[ID]), os.environ[SECRET])
    except ValueError:
        raise UsageError(f"{ID} must be the id in the answer to the robot's registration, which is a UUID") from None


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
