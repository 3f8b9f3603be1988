"""Requests into models, models and errors into responses."""

import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID

import azure.functions as func
from pydantic import UUID4, BaseModel, TypeAdapter, ValidationError

from functions.contract.base import faults
from functions.contract.problems import Problem
from functions.domain.errors import ExchangeError, InputRejected, NotJson, TooLarge, Unavailable
from functions.triggers.current import settings
from functions.triggers.outcomes import OUTCOMES

log = logging.getLogger(__name__)

JSON = "application/json"
JSONL = "application/jsonl"
_PROBLEM = "application/problem+json"
_UUID4: TypeAdapter[UUID] = TypeAdapter(UUID4)

M = TypeVar("M", bound=BaseModel)


def body(request: func.HttpRequest) -> bytes:
    """Return the body to the byte; raises TooLarge."""
    content: bytes = request.get_body()
    most = settings().http_body_limit_bytes
    if len(content) > most:
        raise TooLarge(f"A body may have at most {most} bytes; this one has {len(content)}.")
    return content


def body_as(model: type[M], request: func.HttpRequest) -> M:
    """Read the body; raises NotJson, or InputRejected with a sentence per fault."""
    content = body(request)
    try:
        return model.model_validate_json(content, strict=True)
    except ValidationError as error:
        said = faults(error, content)
        if any(detail["type"] == "json_invalid" for detail in error.errors(include_url=False)):
            raise NotJson(*said) from error
        raise InputRejected(*(f"{fault}." for fault in said)) from error


def path_id(request: func.HttpRequest, name: str) -> UUID:
    """Read an id in the path; raises InputRejected."""
    try:
        return _UUID4.validate_python(request.route_params[name])
    except ValidationError as error:
        raise InputRejected(f"{name}: this is no UUID of version 4.") from error


async def respond(status: HTTPStatus, answer: Callable[[], Awaitable[BaseModel]]) -> func.HttpResponse:
    """Answer with the model, or with the problem that came up. An error that nobody expected is logged, once."""
    try:
        content = (await answer()).model_dump_json()
    except ExchangeError as error:
        return problem(error)
    except Exception:  # the contract wants JSON even here, and the host has none
        log.exception("unexpected error")
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, ["Something went wrong here, not with your request."], {})
    return func.HttpResponse(content, status_code=status, mimetype=JSON)


def problem(error: ExchangeError) -> func.HttpResponse:
    """Answer with the problem that an error is."""
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s or 5))
    return _problem(OUTCOMES[type(error)].status, error.faults, headers)


def _problem(status: HTTPStatus, said: Sequence[str], headers: dict[str, str]) -> func.HttpResponse:
    content = Problem(title=status.phrase, status=status, detail=" ".join(said), errors=list(said))
    return func.HttpResponse(content.model_dump_json(), status_code=status, headers=headers, mimetype=_PROBLEM)
