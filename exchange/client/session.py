"""What both clients need to send a call."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

import httpx2

from exchange import __version__
from exchange.client.call import Call
from exchange.client.errors import NotFound, Unreachable
from exchange.contract.robots import Robot

# Large answers and bodies take long, but the connection must not be silent.
TIMEOUT = httpx2.Timeout(60, connect=10)

# Far above the largest answer of an exchange. A batch request with 100,000 ids has 4 MB, a page at most 5 MB.
MAX_ANSWER_BYTES = 32 << 20

GetToken = Callable[[], str]


def make_url(base: str, call: Call[Any]) -> httpx2.URL:
    """Return the URL of a call."""
    return httpx2.URL(base.rstrip("/") + call.path, params=list(call.query) or None)


def make_headers(call: Call[Any], token: str) -> dict[str, str]:
    """Return the headers of a call."""
    return {"Authorization": f"Bearer {token}", "User-Agent": f"enhancement-exchange/{__version__}", **call.headers}


def add_piece(content: bytearray, piece: bytes) -> None:
    """Add a piece to the content of an answer. Raises Unreachable if it becomes too large."""
    if len(content) + len(piece) > MAX_ANSWER_BYTES:
        raise Unreachable(f"The answer has more than {MAX_ANSWER_BYTES >> 20} MiB. Is this the address of an exchange?")
    content += piece


def find_robot_named(name_or_id: str, robots: Sequence[Robot]) -> Robot:
    """Return the robot with this name or id. Raises NotFound with the names of all robots."""
    for robot in robots:
        if name_or_id in (robot.name, str(robot.id)):
            return robot
    names = ", ".join(f"'{robot.name}'" for robot in robots) or "none"
    raise NotFound(HTTPStatus.NOT_FOUND, [f"There is no robot '{name_or_id}'. Registered robots: {names}."])
