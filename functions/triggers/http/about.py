"""What the exchange tells anybody: how to call it, and whether it is well."""

from functools import cache

from functions.contract.health import Health
from functions.steps.health import check_health
from functions.triggers.current import services
from functions.triggers.http.call import Call
from functions.triggers.http.endpoints import ENDPOINTS, Content, Door, endpoint
from functions.triggers.http.openapi import describe, to_json
from functions.triggers.http.page import to_html

# The page is all there is: it loads nothing, from here or elsewhere, and runs nothing.
_NOTHING_ELSE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


@endpoint("GET", "openapi.json", Door.ANYBODY, None)
async def openapi(_call: Call) -> Content:
    """Describe the endpoints, as OpenAPI 3.1."""
    return Content(_document(), "application/json")


@endpoint("GET", "docs", Door.ANYBODY, None)
async def docs(_call: Call) -> Content:
    """Describe the endpoints on a page for people."""
    return Content(_page(), "text/html", headers=_NOTHING_ELSE)


@endpoint("GET", "health", Door.ANYBODY, Health)
async def health(_call: Call) -> Health:
    """Say whether all that the exchange depends on is there."""
    return await check_health(services())


@cache
def _document() -> str:
    return to_json(describe(ENDPOINTS))


@cache
def _page() -> str:
    return to_html(describe(ENDPOINTS))
