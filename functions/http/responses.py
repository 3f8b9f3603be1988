"""Responses: what endpoints return, and problems for errors."""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus

import azure.functions as func
from pydantic import BaseModel

from exchange.contract.problems import Problem
from exchange.domain.errors import ExchangeError, NotAuthenticated, Unavailable
from exchange.ports import GetServices
from exchange.telemetry.logs import bind_log_fields
from functions.errors import ERROR_POLICIES
from functions.http.auth import authorize, list_schemes
from functions.http.endpoints import Access, Answer, Content, Endpoint
from functions.http.requests import ApiRequest, check_query

# Azure exports the records of the logger "exchange" and its children only.
log = logging.getLogger(f"exchange.{__name__}")

JSON = "application/json"
PROBLEM = "application/problem+json"
# Responses contain signed URLs and secrets. No cache may keep them.
_PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_RETRY_AFTER_S = 5


async def respond(
    endpoints: Mapping[str, Endpoint], request: func.HttpRequest, get_services: GetServices
) -> func.HttpResponse:
    """Respond with what the endpoint returns, or with a problem. `endpoints` are those of the path, by method."""
    endpoint = endpoints.get(request.method) or _find_for_head(endpoints, request)
    if endpoint is None:
        return _method_not_allowed(endpoints)
    with bind_log_fields():
        try:
            services = get_services()
            caller = await authorize(endpoint.access, request, services)
            if not endpoint.any_query:
                check_query(request, endpoint.query_model)
            result = await endpoint.handler(ApiRequest(request, caller, services))
            return _to_response(result, endpoint.status)
        except ExchangeError as error:
            return _to_problem(error, endpoint)
        except Exception:  # the contract requires JSON here too, which the host does not return
            log.exception("unexpected error")
            return _problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, ["The exchange has an internal error. Your request is not the cause."]
            )


def _find_for_head(endpoints: Mapping[str, Endpoint], request: func.HttpRequest) -> Endpoint | None:
    """Return the endpoint that answers HEAD: the one for GET, if anyone may call it. The host leaves out the body."""
    found = endpoints.get("GET") if request.method == "HEAD" else None
    return found if found is not None and found.access is Access.ANYONE else None


def _to_response(result: BaseModel | Answer | Content, status: HTTPStatus) -> func.HttpResponse:
    if isinstance(result, Content):
        headers = {**_PRIVATE, **result.headers}
        return func.HttpResponse(result.body, status_code=result.status, headers=headers, mimetype=result.mimetype)
    answer = result if isinstance(result, Answer) else Answer(result)
    return func.HttpResponse(
        answer.model.model_dump_json(),
        status_code=answer.status or status,
        headers={**_PRIVATE, **answer.headers},
        mimetype=JSON,
    )


def _to_problem(error: ExchangeError, endpoint: Endpoint) -> func.HttpResponse:
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s or _RETRY_AFTER_S))
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = ", ".join(list_schemes(endpoint.access))
    return _problem(ERROR_POLICIES[type(error)].status, error.faults, headers)


def _method_not_allowed(methods: Iterable[str]) -> func.HttpResponse:
    allowed = ", ".join(sorted(methods))
    return _problem(HTTPStatus.METHOD_NOT_ALLOWED, [f"This path accepts {allowed} only."], {"Allow": allowed})


def _problem(status: HTTPStatus, faults: Sequence[str], headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    content = Problem(title=status.phrase, status=status, detail=" ".join(faults), errors=list(faults))
    return func.HttpResponse(
        content.model_dump_json(), status_code=status, headers={**_PRIVATE, **(headers or {})}, mimetype=PROBLEM
    )
