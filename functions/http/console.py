"""The web console: a page, and the files that it loads. It has no data of its own and calls the API as any client."""

import hashlib
import re
from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

from exchange.domain.console import ConsoleSignIn
from exchange.domain.errors import NotFound
from functions.http.console_files import MEDIA_TYPES, CompressedFile, read_console_files
from functions.http.endpoints import Access, Content, endpoint
from functions.http.requests import ApiRequest

_FOREVER = "public, max-age=31536000, immutable"
_VERSIONED = re.compile(r"v-([^/]*)(?:/(.*))?", re.DOTALL)
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
_OFF = "The console of this exchange is switched off."
_UNKNOWN = "The console has no file with this path. It may have been updated: load the page again."

# What a browser may do with the page and its files, besides the Content-Security-Policy.
_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(),"
    "display-capture=(), publickey-credentials-get=()",
    "Vary": "Accept-Encoding",
}


@endpoint(
    "GET",
    "console/{path}",
    Access.ANYONE,
    None,
    HTTPStatus.NOT_FOUND,
    any_query=True,
    media_types=MEDIA_TYPES,
    other_successes={HTTPStatus.NOT_MODIFIED: None},
)
async def console(request: ApiRequest) -> Content:
    """Read the web console. Below `v-<version>/` are the files of this version. Any other path is the same page."""
    sign_in = request.services.console
    if sign_in is None:
        raise NotFound(_OFF)
    policy = make_policy(sign_in, request.services.urls.origin)
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    path = request.http_request.route_params.get("path") or ""
    if versioned := _VERSIONED.fullmatch(path):
        file = _find_file(*versioned.groups())
        return _to_content(request, file, {**headers, "Cache-Control": _FOREVER})
    page, etag = _make_page(sign_in, request.services.urls.origin)
    headers |= {"Cache-Control": "no-cache", "ETag": etag}
    if etag in request.http_request.headers.get("if-none-match", ""):
        return Content(b"", page.media_type, HTTPStatus.NOT_MODIFIED, headers)
    return _to_content(request, page, headers)


@cache
def make_policy(sign_in: ConsoleSignIn, blob_origin: str) -> str:
    """Return the Content-Security-Policy: scripts of the console only, which may connect to three origins."""
    authority = urlsplit(sign_in.authority)
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self' {authority.scheme}://{authority.netloc} {blob_origin}; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _find_file(version: str, path: str | None) -> CompressedFile:
    """Return the file. Raises NotFound, also for another version: an old page must not get new modules."""
    files = read_console_files()
    file = files.by_path.get(path or "")
    if version != files.version or file is None:
        raise NotFound(_UNKNOWN)
    return file


@cache
def _make_page(sign_in: ConsoleSignIn, blob_origin: str) -> tuple[CompressedFile, str]:
    """Return the page and its ETag, which is weak because the compressed page has the same one."""
    page = read_console_files().make_page(
        {
            "authority": sign_in.authority,
            "client_id": sign_in.client_id,
            "scope": sign_in.scope,
            "blob_origin": blob_origin,
        }
    )
    return page, f'W/"{hashlib.sha256(page.content).hexdigest()[:16]}"'


def _to_content(request: ApiRequest, file: CompressedFile, headers: dict[str, str]) -> Content:
    if _GZIP.search(request.http_request.headers.get("accept-encoding", "")):
        return Content(file.gzipped, file.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Content(file.content, file.media_type, headers=headers)
