"""The table of HTTP endpoints. The app serves from it, authorizes by it, and describes it as OpenAPI."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus

from pydantic import BaseModel

from functions.http.headers import Header
from functions.http.requests import ApiRequest


class Access(Enum):
    """Who may call an endpoint."""

    ANYONE = "anyone"
    REQUESTORS = "requestors and operators"
    CONTRIBUTORS = "contributors and operators"
    OPERATORS = "operators"
    ROBOTS = "robots"
    REQUESTORS_AND_ROBOTS = "requestors, operators and robots"


@dataclass(frozen=True, slots=True)
class Content:
    """A response body that is not a model, and its media type."""

    body: str | bytes
    mimetype: str
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A model as the response body, with headers. Without a `status` the response has that of the endpoint."""

    model: BaseModel
    headers: Mapping[str, str] = field(default_factory=dict)
    status: HTTPStatus | None = None


Handler = Callable[[ApiRequest], Awaitable[BaseModel | Answer | Content]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method at a path: who may call it, its models, and its own error statuses.

    `request_model` is the model of the JSON body, `query_model` of the query. `optional_body` says that the body may be
    left out. `any_query` says that query parameters are not checked. `response_model` is None if the response has no
    model; `media_types` then names what it may be. If `line_model` is set, the body may also be a file of lines, and
    each line of the response is of this model.
    `aliases` are other paths with the same parameters. The OpenAPI document does not have them.
    `other_successes` are further statuses that are not errors, each with the model of its body.
    `response_headers` are the headers of a response by its status.
    """

    method: str
    path: str
    aliases: Sequence[str] = ()
    access: Access
    status: HTTPStatus
    request_model: type[BaseModel] | None
    optional_body: bool = False
    line_model: type[BaseModel] | None
    query_model: type[BaseModel] | None
    any_query: bool = False
    response_model: type[BaseModel] | None
    media_types: Sequence[str] = ()
    errors: frozenset[HTTPStatus]
    request_headers: Sequence[Header] = ()
    response_headers: Mapping[HTTPStatus, Sequence[Header]] = field(default_factory=dict)
    other_successes: Mapping[HTTPStatus, type[BaseModel] | None] = field(default_factory=dict)
    handler: Handler


ENDPOINTS: list[Endpoint] = []


def endpoint(  # noqa: PLR0913 - a row of the table has its columns
    method: str,
    path: str,
    access: Access,
    response_model: type[BaseModel] | None,
    *errors: HTTPStatus,
    aliases: Sequence[str] = (),
    status: HTTPStatus = HTTPStatus.OK,
    request_model: type[BaseModel] | None = None,
    optional_body: bool = False,
    line_model: type[BaseModel] | None = None,
    query_model: type[BaseModel] | None = None,
    any_query: bool = False,
    media_types: Sequence[str] = (),
    request_headers: Sequence[Header] = (),
    response_headers: Mapping[HTTPStatus, Sequence[Header]] | None = None,
    other_successes: Mapping[HTTPStatus, type[BaseModel] | None] | None = None,
) -> Callable[[Handler], Handler]:
    """Add a function to the table as the handler of an endpoint."""

    def add(handler: Handler) -> Handler:
        ENDPOINTS.append(
            Endpoint(
                method=method,
                path=path,
                aliases=aliases,
                access=access,
                status=status,
                request_model=request_model,
                optional_body=optional_body,
                line_model=line_model,
                query_model=query_model,
                any_query=any_query,
                response_model=response_model,
                media_types=media_types,
                errors=frozenset(errors),
                request_headers=request_headers,
                response_headers=response_headers or {},
                other_successes=other_successes or {},
                handler=handler,
            )
        )
        return handler

    return add


def group_by_path() -> dict[str, dict[str, Endpoint]]:
    """Return the endpoints of each path, by method."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for row in ENDPOINTS:
        for path in (row.path, *row.aliases):
            paths.setdefault(path, {})[row.method] = row
    return paths
