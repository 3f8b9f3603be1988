"""What the exchange answers over HTTP: one table, which serves, keeps the door and describes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from functions.triggers.http.call import Call


class Door(Enum):
    """Who is let in."""

    ANYBODY = "anybody"
    REQUESTORS = "requestors and operators"
    OPERATORS = "operators"
    ROBOTS = "robots"
    REQUESTORS_AND_ROBOTS = "requestors, operators and robots"


@dataclass(frozen=True, slots=True)
class Content:
    """An answer that is no model: its body, and of what type that is."""

    body: str
    mimetype: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[BaseModel | Content]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method at a path: who is let in, what is taken and given, and how it may go wrong beside the usual ways.

    `takes` is the model of the JSON body; `lines`, that of a line, if a file of lines may be sent instead, and of a
    line of the answer to it. `asks` is the model of the query. `gives` is None where the answer is no JSON.
    """

    method: str
    path: str
    door: Door
    status: HTTPStatus
    takes: type[BaseModel] | None
    lines: type[BaseModel] | None
    asks: type[BaseModel] | None
    gives: type[BaseModel] | None
    errors: frozenset[HTTPStatus]
    handler: Handler


ENDPOINTS: list[Endpoint] = []


def endpoint(  # noqa: PLR0913 - a row of the table has its columns
    method: str,
    path: str,
    door: Door,
    gives: type[BaseModel] | None,
    *errors: HTTPStatus,
    status: HTTPStatus = HTTPStatus.OK,
    takes: type[BaseModel] | None = None,
    lines: type[BaseModel] | None = None,
    asks: type[BaseModel] | None = None,
) -> Callable[[Handler], Handler]:
    """Add a function to the table, as what is done with a request that was let in."""

    def add(handler: Handler) -> Handler:
        ENDPOINTS.append(
            Endpoint(
                method=method,
                path=path,
                door=door,
                status=status,
                takes=takes,
                lines=lines,
                asks=asks,
                gives=gives,
                errors=frozenset(errors),
                handler=handler,
            )
        )
        return handler

    return add


def by_path() -> dict[str, dict[str, Endpoint]]:
    """Return the endpoints of each path by their methods."""
    found: dict[str, dict[str, Any]] = {}
    for one in ENDPOINTS:
        found.setdefault(one.path, {})[one.method] = one
    return found
