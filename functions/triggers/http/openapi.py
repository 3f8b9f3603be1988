"""The endpoints as an OpenAPI 3.1 document, made of the same table and models that serve."""

import json
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from inspect import getdoc
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from functions.contract.problems import Problem
from functions.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP
from functions.domain.storable import LARGEST_INTEGER
from functions.triggers.http.answers import JSON, PROBLEM
from functions.triggers.http.call import JSONL
from functions.triggers.http.door import BEARER, schemes
from functions.triggers.http.endpoints import Door, Endpoint

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
_TEXT = {"schema": {"type": "string"}}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "How to show who calls.", {"type": "string"}),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "Seconds.", {"type": "integer", "minimum": 0}),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "Seconds.", {"type": "integer", "minimum": 0}),
}
_REFS = "#/components/schemas/{model}"
_UUID4 = {
    "type": "string",
    "format": "uuid4",
    "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$",
}


class _Exact(GenerateJsonSchema):
    """Says in JSON Schema what pydantic checks, or the store can hold, and pydantic's own schema leaves out."""

    def uuid_schema(self, schema: core_schema.UuidSchema) -> JsonSchemaValue:  # noqa: ARG002 - there is one kind
        return {**_UUID4}

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return {"minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER, **super().int_schema(schema)}


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
        "parameters": [*_path_parameters(one), *_query_parameters(one)],
        "responses": {str(int(status)): answer for status, answer in _responses(one)},
    }
    if one.door is not Door.ANYBODY:
        operation["description"] = f"For {one.door.value}."
        operation["security"] = [{name: []} for name in schemes(one.door)]
    if one.takes is not None:
        content = {JSON: {"schema": _ref(one.takes)}}
        operation["requestBody"] = {"required": True, "content": {**content, **({JSONL: _TEXT} if one.lines else {})}}
    return operation


def _path_parameters(one: Endpoint) -> Iterator[Document]:
    for name in re.findall(r"\{(\w+)\}", one.path):
        yield {"name": name, "in": "path", "required": True, "schema": _UUID4}


def _query_parameters(one: Endpoint) -> Iterator[Document]:
    if one.asks is None:
        return
    schema = one.asks.model_json_schema(ref_template=_REFS, schema_generator=_Exact)
    for name, of in schema["properties"].items():
        # A query can leave something out, but has no word for null.
        (sent,) = (choice for choice in of.get("anyOf", [of]) if choice != {"type": "null"})
        yield {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": sent}


def _responses(one: Endpoint) -> Iterator[tuple[HTTPStatus, Document]]:
    if one.gives is not None:
        yield one.status, {"description": one.status.phrase, "content": {JSON: {"schema": _ref(one.gives)}}}
    else:
        yield one.status, {"description": one.status.phrase, "content": {"*/*": {}}}
    if one.lines is not None:
        yield HTTPStatus.OK, {"description": "A line for each line that was sent.", "content": {JSONL: _TEXT}}
    for status in sorted(_errors(one)):
        problem = {"description": _MEANINGS[status], "content": {PROBLEM: {"schema": _ref(Problem)}}}
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


def _ref(model: type[BaseModel]) -> Document:
    return {"$ref": _REFS.format(model=model.__name__)}


def _schemas(endpoints: Iterable[Endpoint]) -> Document:
    models: set[type[BaseModel]] = {Problem}
    for one in endpoints:
        models.update(model for model in (one.takes, one.lines, one.gives, one.asks) if model is not None)
    wanted: list[tuple[type[BaseModel], Literal["validation"]]] = [(model, "validation") for model in models]
    wanted.sort(key=lambda item: item[0].__name__)
    _, schema = models_json_schema(wanted, ref_template=_REFS, schema_generator=_Exact)
    found: Document = schema["$defs"]
    return found


def _security() -> Document:
    signed = f"`{SCHEME} <hex>`, with the headers `{CLIENT_ID}` and `{TIMESTAMP}`: HMAC-SHA256 by the robot's secret."
    return {
        BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        SCHEME: {"type": "apiKey", "in": "header", "name": "Authorization", "description": signed},
    }
