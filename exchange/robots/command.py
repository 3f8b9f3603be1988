"""The command line of a robot."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from exchange.robots.errors import ServeError
from exchange.robots.exchange import Credentials
from exchange.robots.functions import Judge
from exchange.robots.leases import Terms
from exchange.robots.logs import set_up_logs
from exchange.robots.options import ID, SECRET, Options, make_parser
from exchange.robots.pull import Pace, Pull, pull
from exchange.robots.reference import Needs
from exchange.robots.serve import Service, serve
from exchange.robots.trial import TrialError, try_out


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
