"""The endpoints as an OpenAPI 3.1 document, made of the same table and models that serve."""

import json
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import BaseModel

from exchange.contract.problems import Problem
from exchange.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP
from functions.http.auth import BEARER, list_schemes
from functions.http.endpoints import Access, Endpoint
from functions.http.requests import JSONL
from functions.http.responses import JSON, PROBLEM
from functions.http.schemas import UUID4, parameters_of, ref, schemas_of

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
        "parameters": [*_path_parameters(one), *(parameters_of(one.query_model) if one.query_model else ())],
        "responses": {str(int(status)): answer for status, answer in _responses(one)},
    }
    if one.access is not Access.ANYONE:
        operation["description"] = f"For {one.access.value}."
        operation["security"] = [{part: [] for part in _SHOWN[name]} for name in list_schemes(one.access)]
    if one.request_model is not None:
        content = {
            JSON: {"schema": ref(one.request_model)},
            **({JSONL: _lines_of(one.request_model)} if one.line_model else {}),
        }
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _lines_of(model: type[BaseModel]) -> Document:
    """Say in words what a line is: JSON Schema has none for it."""
    return {"schema": {"type": "string", "description": f"Lines, a `{model.__name__}` each."}}


def _path_parameters(one: Endpoint) -> Iterator[Document]:
    for name in re.findall(r"\{(\w+)\}", one.path):
        yield {"name": name, "in": "path", "required": True, "schema": UUID4}


def _responses(one: Endpoint) -> Iterator[tuple[HTTPStatus, Document]]:
    if one.response_model is not None:
        yield one.status, {"description": one.status.phrase, "content": {JSON: {"schema": ref(one.response_model)}}}
    else:
        yield one.status, {"description": one.status.phrase, "content": {"*/*": {}}}
    if one.line_model is not None:
        answered = {JSONL: _lines_of(one.line_model)}
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
    if one.access is not Access.ANYONE:
        errors.update(_CLOSED_DOOR)
    if one.request_model is not None:
        errors.update(_BODY)
    if one.query_model is not None or "{" in one.path:
        errors.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    if SCHEME in list_schemes(one.access):
        # The body is signed, so it is read even where none is taken.
        errors.add(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return errors


def _schemas(endpoints: Iterable[Endpoint]) -> Document:
    models: set[type[BaseModel]] = {Problem}
    for one in endpoints:
        models.update(
            model
            for model in (one.request_model, one.line_model, one.response_model, one.query_model)
            if model is not None
        )
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
