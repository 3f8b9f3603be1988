"""The OpenAPI 3.1 document. It is made from the table of endpoints and the models that the app itself uses."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from pydantic import BaseModel

from exchange import __version__
from exchange.contract.problems import Problem
from exchange.contract.references import Reference
from exchange.contract.robots import BatchRobotRequest, BatchRobotResult, BatchRobotResultValidationEntry
from exchange.contract.webhooks import BatchEndedEvent, WebhookTestEvent
from exchange.domain.signatures import CLIENT_ID, SCHEME, TIMESTAMP
from functions.http import descriptions
from functions.http.auth import BEARER, list_schemes
from functions.http.docs_page import FILE_NAMES
from functions.http.endpoints import Access, Endpoint
from functions.http.examples import (
    EXAMPLES,
    PATH_EXAMPLES,
    PROBLEMS,
    QUERY_EXAMPLES,
    SCHEMA_EXAMPLES,
    Examples,
    make_problem,
)
from functions.http.headers import Header
from functions.http.outgoing_calls import describe_outgoing_calls
from functions.http.requests import JSONL
from functions.http.responses import JSON, PROBLEM
from functions.http.schemas import UUID4, make_parameters, make_schemas, ref

Document = dict[str, Any]

_BODY_ERRORS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_AUTH_ERRORS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
# An unknown query parameter is refused with 422 everywhere.
_COMMON_ERRORS = (
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
# The security schemes that a request must satisfy together, by authentication scheme.
_REQUIREMENTS = {BEARER: (BEARER,), SCHEME: (SCHEME, CLIENT_ID, TIMESTAMP)}
_RETRY_AFTER = ("Retry-After", descriptions.RETRY_AFTER, {"type": "integer", "minimum": 0})
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", descriptions.WWW_AUTHENTICATE, {"type": "string"}),
    HTTPStatus.TOO_MANY_REQUESTS: _RETRY_AFTER,
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY_AFTER,
}
# Every other parameter of a path is an id.
_PATH_SCHEMAS: dict[str, tuple[Document, str]] = {
    "file": ({"type": "string", "enum": FILE_NAMES}, FILE_NAMES[0]),
    "path": ({"type": "string"}, "batches"),
}
# Models that no operation of the app refers to: the outgoing calls and the lines of files.
_OTHER_MODELS: set[type[BaseModel]] = {
    *(Problem, Reference, BatchRobotRequest, BatchRobotResult, BatchRobotResultValidationEntry),
    *(BatchEndedEvent, WebhookTestEvent),
}


def describe(endpoints: Iterable[Endpoint]) -> Document:
    """Return the document."""
    table = list(endpoints)
    paths: Document = {}
    for endpoint in table:
        paths.setdefault(f"/{endpoint.path}", {})[endpoint.method.lower()] = _describe_operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Enhancement Exchange",
            "version": __version__,
            "description": descriptions.ABOUT,
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        # Relative, so that it is right on every machine and in Azure.
        "servers": [{"url": "/", "description": "The exchange that serves this document."}],
        "tags": [{"name": name, "description": description} for name, description in descriptions.TAGS.values()],
        "paths": paths,
        "webhooks": describe_outgoing_calls(),
        "components": {"schemas": _make_schemas(table), "securitySchemes": _describe_security()},
    }


def to_json(document: Document) -> str:
    """Return the document as JSON."""
    return json.dumps(document, indent=1)


def _describe_operation(endpoint: Endpoint) -> Document:
    name = endpoint.handler.__name__
    examples = EXAMPLES.get(name, Examples())
    summary, _, details = (getdoc(endpoint.handler) or "").partition(". ")
    tag, _ = descriptions.TAGS[endpoint.handler.__module__.rpartition(".")[2]]
    operation: Document = {
        "operationId": name,
        "tags": [tag],
        "summary": summary.rstrip("."),
        "description": f"{details}\n\nMay be called by {endpoint.access.value}.".strip(),
        "parameters": [
            *_list_path_parameters(endpoint),
            *_list_query_parameters(endpoint),
            *_list_header_parameters(endpoint),
        ],
        "responses": {
            str(int(status)): response
            for status, response in (*_list_successes(endpoint, examples), *_list_errors(endpoint, examples))
        },
    }
    if endpoint.access is not Access.ANYONE:
        schemes = list_schemes(endpoint.access)
        operation["security"] = [{part: [] for part in _REQUIREMENTS[scheme]} for scheme in schemes]
    if endpoint.request_model is not None:
        content = {JSON: {"schema": ref(endpoint.request_model), **_to_examples(examples.requests)}}
        if endpoint.line_model is not None:
            content[JSONL] = _describe_lines(endpoint.request_model, examples.request_lines)
        operation["requestBody"] = {"required": not endpoint.optional_body, "content": content}
    return operation


def _to_examples(values: Mapping[str, Any]) -> Document:
    return {"examples": {summary: {"summary": summary, "value": value} for summary, value in values.items()}}


def _describe_lines(model: type[BaseModel], example: str | None) -> Document:
    """Describe a body of JSON lines. JSON Schema cannot express that each line matches the model."""
    description = f"Lines. Each line is a `{model.__name__}`."
    return {"schema": {"type": "string", "description": description}, "example": example}


def _list_path_parameters(endpoint: Endpoint) -> Iterator[Document]:
    for name in _list_path_names(endpoint):
        schema, example = _PATH_SCHEMAS.get(name) or (UUID4, PATH_EXAMPLES[name])
        yield {"name": name, "in": "path", "required": True, "example": example, "schema": schema}


def _list_path_names(endpoint: Endpoint) -> list[str]:
    return re.findall(r"\{(\w+)\}", endpoint.path)


def _list_query_parameters(endpoint: Endpoint) -> Iterator[Document]:
    if endpoint.query_model is not None:
        yield from make_parameters(endpoint.query_model, QUERY_EXAMPLES)


def _list_header_parameters(endpoint: Endpoint) -> Iterator[Document]:
    for header in endpoint.request_headers:
        parameter = {"name": header.name, "in": "header", "required": False, "description": header.description}
        yield {**parameter, "example": header.example, "schema": header.schema}


def _describe_headers(headers: Iterable[Header]) -> Document:
    described = {
        header.name: {"description": header.description, "required": False, "schema": header.schema}
        for header in headers
    }
    return {"headers": described} if described else {}


def _list_successes(endpoint: Endpoint, examples: Examples) -> Iterator[tuple[HTTPStatus, Document]]:
    if endpoint.response_model is not None:
        content = {JSON: {"schema": ref(endpoint.response_model), **_to_examples(examples.responses)}}
    else:
        content = {media_type: _to_examples(examples.responses) for media_type in endpoint.media_types}
    headers = _describe_headers(endpoint.response_headers.get(endpoint.status, ()))
    body = {"content": content} if content else {}
    yield endpoint.status, {"description": endpoint.status.phrase, **headers, **body}
    for status, model in endpoint.other_successes.items():
        headers = _describe_headers(endpoint.response_headers.get(status, ()))
        content = {} if model is None else {JSON: {"schema": ref(model), **_to_examples(examples.others[status])}}
        body = {"content": content} if content else {}
        yield status, {"description": descriptions.SUCCESS_MEANINGS[status], **headers, **body}
    if endpoint.line_model is not None:
        content = {JSONL: _describe_lines(endpoint.line_model, examples.response_lines)}
        yield HTTPStatus.OK, {"description": "One line for each line of the request.", "content": content}


def _list_errors(endpoint: Endpoint, examples: Examples) -> Iterator[tuple[HTTPStatus, Document]]:
    for status in sorted(_list_error_statuses(endpoint)):
        fault = examples.problems.get(status) or PROBLEMS[status]
        content = {PROBLEM: {"schema": ref(Problem), "example": make_problem(status, fault)}}
        response: Document = {"description": descriptions.STATUS_MEANINGS[status], "content": content}
        if status in _HEADERS:
            name, meaning, schema = _HEADERS[status]
            response["headers"] = {name: {"description": meaning, "required": True, "schema": schema}}
        yield status, response


def _list_error_statuses(endpoint: Endpoint) -> set[HTTPStatus]:
    """Return the endpoint's own error statuses, and those that follow from its access and its parameters."""
    errors = {*endpoint.errors, *_COMMON_ERRORS}
    if endpoint.any_query:
        errors.discard(HTTPStatus.UNPROCESSABLE_ENTITY)
    if endpoint.access is not Access.ANYONE:
        errors.update(_AUTH_ERRORS)
    if endpoint.request_model is not None:
        errors.update(_BODY_ERRORS)
    if SCHEME in list_schemes(endpoint.access):
        # The signature covers the body, so the body is read even if the operation has none.
        errors.update((HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE))
    return errors


def _make_schemas(endpoints: Iterable[Endpoint]) -> Document:
    models = set(_OTHER_MODELS)
    for row in endpoints:
        used = (row.request_model, row.line_model, row.response_model, row.query_model)
        models.update(model for model in (*used, *row.other_successes.values()) if model is not None)
    return make_schemas(models, SCHEMA_EXAMPLES)


def _describe_security() -> Document:
    header = {"type": "apiKey", "in": "header"}
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": descriptions.BEARER_SCHEME}
    return {
        SCHEME: {**header, "name": "Authorization", "description": descriptions.SIGNATURE_SCHEME},
        CLIENT_ID: {**header, "name": CLIENT_ID, "description": descriptions.CLIENT_ID_HEADER},
        TIMESTAMP: {**header, "name": TIMESTAMP, "description": descriptions.TIMESTAMP_HEADER},
        # Swagger UI scrolls to the last one, and this is the one that its page can use.
        BEARER: bearer,
    }
