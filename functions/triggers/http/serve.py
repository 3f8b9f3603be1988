"""The endpoints as functions: one a path, so that a method that nobody answers gets an answer too."""

import re
from collections.abc import Mapping

import azure.functions as func

# Imported for the endpoints that they add to the table.
from functions.triggers.http import about, batches, references, robots  # noqa: F401 - the reason stands above
from functions.triggers.http.answers import answer
from functions.triggers.http.endpoints import ENDPOINTS, Endpoint, by_path

__all__ = ["ENDPOINTS", "METHODS", "register_http"]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def register_http(app: func.FunctionApp) -> None:
    """Add a function for each path to the app."""
    for path, endpoints in by_path().items():
        name = re.sub(r"\W+", "_", path).strip("_")
        route = app.route(path, methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
        app.function_name(name)(route(_serving(endpoints)))


def _serving(endpoints: Mapping[str, Endpoint]) -> object:
    async def serve(req: func.HttpRequest) -> func.HttpResponse:
        return await answer(endpoints, req)

    return serve
