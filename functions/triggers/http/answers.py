"""What endpoints give, and what goes wrong, as responses."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

import azure.functions as func
from pydantic import BaseModel

from functions.contract.problems import Problem
from functions.domain.errors import ExchangeError, NotAuthenticated, Unavailable
from functions.telemetry.logs import about
from functions.triggers.http.call import Call
from functions.triggers.http.door import let_in, schemes
from functions.triggers.http.endpoints import Content, Endpoint
from functions.triggers.outcomes import OUTCOMES

log = logging.getLogger(__name__)

JSON = "application/json"
PROBLEM = "application/problem+json"
# Answers hold signed URLs and secrets: nobody on the way is to keep them.
_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_RETRY_S = 5


async def answer(endpoints: Mapping[str, Endpoint], request: func.HttpRequest) -> func.HttpResponse:
    """Answer with what the endpoint gives, or with the problem that came up."""
    endpoint = endpoints.get(request.method)
    if endpoint is None:
        return _not_allowed(endpoints)
    with about():
        try:
            call = Call(request, await let_in(endpoint.door, request))
            return _response(await endpoint.handler(call), endpoint.status)
        except ExchangeError as error:
            return _problem_of(error, endpoint)
        except Exception:  # the contract wants JSON even here, and the host has none
            log.exception("unexpected error")
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, ["Something went wrong here, not with your request."])


def _response(given: BaseModel | Content, status: HTTPStatus) -> func.HttpResponse:
    if isinstance(given, Content):
        headers = {**_PRIVATE, **given.headers}
        return func.HttpResponse(given.body, status_code=given.status, headers=headers, mimetype=given.mimetype)
    return func.HttpResponse(given.model_dump_json(), status_code=status, headers=_PRIVATE, mimetype=JSON)


def _problem_of(error: ExchangeError, endpoint: Endpoint) -> func.HttpResponse:
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s or _RETRY_S))
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = ", ".join(schemes(endpoint.door))
    return _problem(OUTCOMES[type(error)].status, error.faults, headers)


def _not_allowed(methods: Iterable[str]) -> func.HttpResponse:
    allowed = ", ".join(sorted(methods))
    return _problem(HTTPStatus.METHOD_NOT_ALLOWED, [f"Only {allowed} is answered here."], {"Allow": allowed})


def _problem(status: HTTPStatus, said: Sequence[str], headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    content = Problem(title=status.phrase, status=status, detail=" ".join(said), errors=list(said))
    return func.HttpResponse(
        content.model_dump_json(), status_code=status, headers={**_PRIVATE, **(headers or {})}, mimetype=PROBLEM
    )
