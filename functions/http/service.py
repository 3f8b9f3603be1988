"""What anyone may read about the service: its OpenAPI document, its documentation page, and its health."""

from functools import cache

from exchange.contract.health import Health
from exchange.use_cases.check_health import check_health
from functions.http.docs_page import to_html
from functions.http.endpoints import ENDPOINTS, Access, Content, endpoint
from functions.http.openapi import describe, to_json
from functions.http.requests import ApiRequest

# The page is all there is: it loads nothing, from here or elsewhere, and runs nothing.
_NOTHING_ELSE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


@endpoint("GET", "openapi.json", Access.ANYONE, None)
async def openapi(_request: ApiRequest) -> Content:
    """Describe the endpoints, as OpenAPI 3.1."""
    return Content(_document(), "application/json")


@endpoint("GET", "docs", Access.ANYONE, None)
async def docs(_request: ApiRequest) -> Content:
    """Describe the endpoints on a page for people."""
    return Content(_page(), "text/html", headers=_NOTHING_ELSE)


@endpoint("GET", "health", Access.ANYONE, Health)
async def health(request: ApiRequest) -> Health:
    """Check that every dependency of the exchange answers."""
    return await check_health(request.services)


@cache
def _document() -> str:
    return to_json(describe(ENDPOINTS))


@cache
def _page() -> str:
    return to_html(describe(ENDPOINTS))
