"""The endpoints as an OpenAPI 3.1 document, made of the same table and models that serve."""

import json
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import BaseModel

from functions.contract.problems import Problem
from functions.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP
from functions.triggers.http.answers import JSON, PROBLEM
from functions.triggers.http.call import JSONL
from functions.triggers.http.door import BEARER, schemes
from functions.triggers.http.endpoints import Door, Endpoint
from functions.triggers.http.schemas import UUID4, parameters_of, ref, schemas_of

Document = dict[str, Any]

_ABOUT = """\
Requestors name a robot and a list of references; the robot enhances them; the exchange checks, imports and reports.
A trailing slash never matters. JSON is UTF-8, and unknown fields are ignored unless it says otherwise."""

_BODY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)
_CLOSED_DOOR = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_ALWAYS = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
_MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON.",
    HTTPStatus.UNAUTHORIZED: "It is not shown who calls.",
    HTTPStatus.FORBIDDEN: "Whoever calls may not do this.",
    HTTPStatus.NOT_FOUND: "There is no such batch request, robot or reference; unknown references are listed.",
    HTTPStatus.CONFLICT: "It is past that, or the name is taken.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "It is more than a limit allows.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "It does not fit the schema, or can't be taken: a sentence for each fault.",
    HTTPStatus.TOO_MANY_REQUESTS: "Slow down: `Retry-After` says for how long.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong in the exchange.",
    HTTPStatus.SERVICE_UNAVAILABLE: "A dependency is down: nothing was kept or everything was; try again.",
}
# What one shows, all of it, to be let in one way.
_SHOWN = {BEARER: (BEARER,), SCHEME: (SCHEME, CLIENT_ID, TIMESTAMP)}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "How to show who calls.", {"type": "string"}),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "Seconds.", {"type": "integer", "minimum": 0}),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "Seconds.", {"type": "integer", "minimum": 0}),
}


def describe(endpoints: Iterable[Endpoint]) -> Document:
    """Give the document."""
    table = list(endpoints)
    paths: Document = {}
    for one in table:
        paths.setdefault(f"/{one.path}", {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Enhancement Exchange", "version": "0.1.0", "description": _ABOUT},
        "paths": paths,
        "components": {"schemas": _schemas(table), "securitySchemes": _security()},
    }


def to_json(document: Document) -> str:
    """Write the document, always the same way."""
    return json.dumps(document, indent=1)


def _operation(one: Endpoint) -> Document:
    operation: Document = {
        "operationId": one.handler.__name__,
        "summary": getdoc(one.handler),
        "parameters": [*_path_parameters(one), *(parameters_of(one.asks) if one.asks else ())],
        "responses": {str(int(status)): answer for status, answer in _responses(one)},
    }
    if one.door is not Door.ANYBODY:
        operation["description"] = f"For {one.door.value}."
        operation["security"] = [{part: [] for part in _SHOWN[name]} for name in schemes(one.door)]
    if one.takes is not None:
        content = {JSON: {"schema": ref(one.takes)}, **({JSONL: _lines_of(one.takes)} if one.lines else {})}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _lines_of(model: type[BaseModel]) -> Document:
    """Say in words what a line is: JSON Schema has none for it."""
    return {"schema": {"type": "string", "description": f"Lines, a `{model.__name__}` each."}}


def _path_parameters(one: Endpoint) -> Iterator[Document]:
    for name in re.findall(r"\{(\w+)\}", one.path):
        yield {"name": name, "in": "path", "required": True, "schema": UUID4}


def _responses(one: Endpoint) -> Iterator[tuple[HTTPStatus, Document]]:
    if one.gives is not None:
        yield one.status, {"description": one.status.phrase, "content": {JSON: {"schema": ref(one.gives)}}}
    else:
        yield one.status, {"description": one.status.phrase, "content": {"*/*": {}}}
    if one.lines is not None:
        answered = {JSONL: _lines_of(one.lines)}
        yield HTTPStatus.OK, {"description": "A line for each line that was sent.", "content": answered}
    for status in sorted(_errors(one)):
        problem = {"description": _MEANINGS[status], "content": {PROBLEM: {"schema": ref(Problem)}}}
        if status in _HEADERS:
            name, meaning, schema = _HEADERS[status]
            problem["headers"] = {name: {"description": meaning, "required": True, "schema": schema}}
        yield status, problem


def _errors(one: Endpoint) -> set[HTTPStatus]:
    """Return how it may go wrong: as the endpoint says, and as all do that take what it takes."""
    errors = {*one.errors, *_ALWAYS}
    if one.door is not Door.ANYBODY:
        errors.update(_CLOSED_DOOR)
    if one.takes is not None:
        errors.update(_BODY)
    if one.asks is not None or "{" in one.path:
        errors.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    if SCHEME in schemes(one.door):
        # The body is signed, so it is read even where none is taken.
        errors.add(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return errors


def _schemas(endpoints: Iterable[Endpoint]) -> Document:
    models: set[type[BaseModel]] = {Problem}
    for one in endpoints:
        models.update(model for model in (one.takes, one.lines, one.gives, one.asks) if model is not None)
    return schemas_of(models)


def _security() -> Document:
    header = {"type": "apiKey", "in": "header"}
    signature = (
        f"`{SCHEME} <hex>`: HMAC-SHA256 by the robot's secret of the body, `:`, the id's 16 bytes, `:`, the time."
    )
    return {
        BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        SCHEME: {**header, "name": "Authorization", "description": signature},
        CLIENT_ID: {**header, "name": CLIENT_ID, "description": "The robot's id."},
        TIMESTAMP: {**header, "name": TIMESTAMP, "description": "The time, in seconds since the epoch, as signed."},
    }
