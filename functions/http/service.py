"""The service itself: its OpenAPI document, its documentation page, and its health. Anyone may read them."""

from functools import cache
from http import HTTPStatus

from pydantic import Field

from exchange.contract.base import WireModel
from exchange.contract.health import Health
from exchange.domain.errors import NotFound
from exchange.use_cases.check_health import check_health
from functions.http.docs_page import CONTENT_SECURITY_POLICY, MEDIA_TYPES, make_page, read_static_file
from functions.http.endpoints import ENDPOINTS, Access, Content, endpoint
from functions.http.openapi import describe, to_json
from functions.http.requests import ApiRequest


class FileQuery(WireModel):
    """Which version of a file the documentation page asks for."""

    v: str | None = Field(None, description="The version of the file. Browsers keep a file with its version.")


_FOREVER = "public, max-age=31536000, immutable"


@endpoint("GET", "openapi.json", Access.ANYONE, None, media_types=("application/json",))
async def openapi(_request: ApiRequest) -> Content:
    """Read the OpenAPI 3.1 document."""
    return Content(_document(), "application/json")


@endpoint("GET", "docs", Access.ANYONE, None, media_types=("text/html",))
async def docs(_request: ApiRequest) -> Content:
    """Read this documentation page."""
    return Content(make_page(), "text/html", headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@endpoint(
    "GET",
    "docs/{file}",
    Access.ANYONE,
    None,
    HTTPStatus.NOT_FOUND,
    query_model=FileQuery,
    media_types=MEDIA_TYPES,
)
async def docs_file(request: ApiRequest) -> Content:
    """Read a file that the documentation page loads. Browsers keep it if the query `v` is its version."""
    name = request.http_request.route_params["file"]
    file = read_static_file(name)
    if file is None:
        raise NotFound("The documentation page has no file with this name.")
    etag = f'"{file.version}"'
    is_versioned = request.parse_query(FileQuery).v == file.version
    headers = {"ETag": etag, "Cache-Control": _FOREVER if is_versioned else "no-cache"}
    if etag in request.http_request.headers.get("if-none-match", ""):
        return Content(b"", file.media_type, HTTPStatus.NOT_MODIFIED, headers)
    return Content(file.content, file.media_type, headers=headers)


@endpoint("GET", "health", Access.ANYONE, Health)
async def health(request: ApiRequest) -> Health:
    """Check that every dependency of the exchange answers."""
    return await check_health(request.services)


@cache
def _document() -> str:
    return to_json(describe(ENDPOINTS))
