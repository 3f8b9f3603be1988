"""The options of a robot's command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from exchange.contract.base import check_url
from exchange.robots.leases import MAX_LIMIT, Terms
from exchange.robots.logs import FORMATTERS

ID = "ROBOT_ID"
SECRET = "ROBOT_SECRET"  # noqa: S105 - the name of a variable  # nosec B105

MAX_PORT = 65_535
# A shorter lease would be lost in a busy moment, and costs requests.
MIN_LEASE_S = 3


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
