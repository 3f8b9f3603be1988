"""Registers the endpoints as functions: one per path, so that unsupported methods get our own response."""

import re
from collections.abc import Awaitable, Callable, Mapping

import azure.functions as func

from exchange.ports import GetServices

# These modules add their endpoints to the table when they are imported.
from functions.http import (  # noqa: F401 - see above
    batches,
    console,
    operations,
    references,
    robots,
    service,
    v1,
    v1_robots,
    webhooks,
)
from functions.http.endpoints import ENDPOINTS, Endpoint, group_by_path
from functions.http.responses import respond

__all__ = ["ENDPOINTS", "METHODS", "register_http"]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def register_http(app: func.FunctionApp, get_services: GetServices) -> None:
    """Add a function for each path to the app."""
    for path, endpoints in group_by_path().items():
        # The parameter `path` is the rest of the path. It may be empty, and may have slashes.
        route = app.route(path.replace("{path}", "{*path}"), methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
        app.function_name(make_name(path))(route(_make_function(endpoints, get_services)))


def make_name(path: str) -> str:
    """Return the name of the function for a path.

    If several routes match, Azure uses the first function by name. So a parameter comes after every fixed segment.
    """
    return re.sub(r"\W+", "_", path.replace("{", "z_")).strip("_")


def _make_function(
    endpoints: Mapping[str, Endpoint], get_services: GetServices
) -> Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]:
    async def serve(req: func.HttpRequest) -> func.HttpResponse:
        return await respond(endpoints, req, get_services)

    return serve
