"""The web console: its page, its files, and their headers. `tests/e2e/test_console.py` has them as they are served."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import azure.functions as func
import pytest

from exchange.domain.console import ConsoleSignIn
from exchange.ports import Services
from functions.http.console_files import read_console_files
from functions.http.endpoints import group_by_path
from functions.http.register import ENDPOINTS
from functions.http.responses import respond
from tests.stacks import ROOT
from tests.unit.functions.http.conftest import make_request
from tests.unit.functions.http.test_docs_page import Page

SIGN_IN = ConsoleSignIn("https://login.example/tenant/v2.0", 'a"<client>', "api://exchange/access")
FOLDER = ROOT / "console"
FILES = read_console_files()
BASE = FILES.base.removeprefix("/console/")
FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def on(services: Services) -> Services:
    return replace(services, console=SIGN_IN)


async def call(
    services: Services,
    path: str | None,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
) -> func.HttpResponse:
    assert ENDPOINTS
    route_params = {} if path is None else {"path": path}
    request = make_request(method=method, headers=headers, params=params, route_params=route_params)
    return await respond(group_by_path()["console/{path}"], request, lambda: services)


@pytest.mark.parametrize(
    "path", [None, "", "batches", "batches/5d1f/entries", "index.html", "session.js", "../host.json"]
)
async def test_every_path_that_is_not_versioned_is_the_page(on: Services, path: str | None) -> None:
    response = await call(on, path, params={"status": "failed", "code": "x", "q": ""})
    assert (response.status_code, response.mimetype) == (HTTPStatus.OK, "text/html")
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.get_body().startswith(b"<!doctype html>")


def find_imports(path: str) -> set[str]:
    """Return the modules that a module imports, by their paths in the folder."""
    names = re.findall(r'(?:\bfrom|^import|\bimport\()\s*"(\.[^"]+)"', (FOLDER / path).read_text(), re.MULTILINE)
    return {(FOLDER / path).parent.joinpath(name).resolve().relative_to(FOLDER).as_posix() for name in names}


def test_the_page_preloads_exactly_the_modules_that_it_imports() -> None:
    """Otherwise the browser learns of a module only when another one that imports it has arrived."""
    imported, found = set(), {"main.js"}
    while found:
        imported |= found
        found = {name for path in found for name in find_imports(path)} - imported
    page = FILES.make_page({}).content.decode()
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
    assert sorted(preloaded) == sorted(f"{FILES.base}/{path}" for path in imported)


async def test_the_page_names_its_settings_and_the_version_of_its_files(on: Services) -> None:
    html = (await call(on, "")).get_body().decode()
    page = Page(html)
    settings = page.attributes[page.attributes.index(("name", "exchange-settings")) + 1][1]
    assert json.loads(settings or "") == {
        "authority": SIGN_IN.authority,
        "client_id": SIGN_IN.client_id,
        "scope": SIGN_IN.scope,
        "blob_origin": on.urls.origin,
    }
    assert "{{" not in html
    loaded = {str(value) for name, value in page.attributes if name in {"src", "href"}} - {"/docs"}
    assert loaded
    assert all(address.startswith(f"{FILES.base}/") for address in loaded)
    assert {f"{FILES.base}/{path}" for path in FILES.by_path if path.endswith(".js")} <= loaded


async def test_the_page_has_no_inline_code(on: Services) -> None:
    page = Page((await call(on, "")).get_body().decode())
    assert not {"style", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]
    assert not "".join(page.scripts).strip()


@pytest.mark.parametrize("path", list(FILES.by_path))
async def test_browsers_keep_a_file_of_the_present_version(on: Services, path: str) -> None:
    response = await call(on, f"{BASE}/{path}")
    assert response.status_code == HTTPStatus.OK
    assert response.headers["Cache-Control"] == FOREVER
    assert response.get_body() == (FOLDER / path).read_bytes()
    assert response.mimetype in {"text/css", "text/javascript", "image/svg+xml", "application/json", "text/plain"}


@pytest.mark.parametrize(
    "path",
    [
        *("v-0123456789abcdef/session.js", "v-/session.js", "v-x", f"{BASE}", f"{BASE}/", f"{BASE}/SESSION.JS"),
        *(f"{BASE}/index.html", f"{BASE}/../host.json", f"{BASE}/%2e%2e/host.json", f"{BASE}//session.js"),
        *(f"{BASE}/vendor/LICENSE", f"{BASE}/vendor/oauth4webapi.module.d.ts", f"{BASE}/session.js\n"),
    ],
)
async def test_another_version_and_other_files_are_not_found(on: Services, path: str) -> None:
    response = await call(on, path)
    assert (response.status_code, response.mimetype) == (HTTPStatus.NOT_FOUND, "application/problem+json")
    assert response.headers["Cache-Control"] == "no-store"
    assert "load the page again" in response.get_body().decode()


@pytest.mark.parametrize("path", [None, "", "batches", f"{BASE}/session.js"])
async def test_without_its_setting_the_console_is_off(services: Services, path: str | None) -> None:
    assert (await call(services, path)).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["", f"{BASE}/session.js"])
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        *(("gzip", "gzip"), ("br, GZIP;q=0.5", "gzip"), ("gzip;q=1", "gzip")),
        *(("", None), ("br", None), ("gzip;q=0", None), ("gzip; q=0.0, br", None)),
    ],
)
async def test_content_is_compressed_if_the_request_accepts_it(
    on: Services, path: str, accepted: str, encoding: str | None
) -> None:
    response = await call(on, path, headers={"accept-encoding": accepted})
    plain = (await call(on, path)).get_body()
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers.get("Content-Encoding") == encoding
    body = response.get_body()
    assert (gzip.decompress(body) if encoding else body) == plain


async def test_the_page_is_sent_again_only_if_it_has_changed(on: Services) -> None:
    etag = (await call(on, "")).headers["ETag"]
    response = await call(on, "batches", headers={"if-none-match": f'"x", {etag}'})
    assert (response.status_code, response.get_body()) == (HTTPStatus.NOT_MODIFIED, b"")
    assert response.headers["ETag"] == etag
    other = replace(on, console=replace(SIGN_IN, client_id="other"))
    assert (await call(other, "", headers={"if-none-match": etag})).status_code == HTTPStatus.OK


async def test_head_is_answered_with_the_same_headers(on: Services) -> None:
    for path in ("", f"{BASE}/session.js"):
        got, head = await call(on, path), await call(on, path, "HEAD")
        assert head.status_code == HTTPStatus.OK
        assert dict(head.headers) == dict(got.headers)
    assert (await call(on, "", "POST")).status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("path", ["", f"{BASE}/session.js"])
async def test_page_and_files_have_a_strict_policy(on: Services, path: str) -> None:
    headers = (await call(on, path)).headers
    policy = dict(part.partition(" ")[::2] for part in headers["Content-Security-Policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self' https://login.example https://blobs.test",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def make_folder(folder: Path) -> Path:
    (folder / "parts").mkdir(parents=True)
    (folder / "index.html").write_text("<p>{{base}}</p>")
    (folder / "a.js").write_text("1")
    (folder / "parts" / "b.js").write_text("2")
    (folder / "README.md").write_text("not served")
    return folder


def test_the_version_depends_on_names_and_contents_of_all_files(tmp_path: Path) -> None:
    first, same, changed, renamed = (make_folder(tmp_path / name) for name in "abcd")
    (changed / "parts" / "b.js").write_text("3")
    (renamed / "a.js").rename(renamed / "c.js")
    version = read_console_files(first).version
    assert read_console_files(same).version == version
    assert len({version, read_console_files(changed).version, read_console_files(renamed).version}) == 3
    assert set(read_console_files(first).by_path) == {"a.js", "parts/b.js"}


def test_tokens_are_kept_in_the_session_storage_only() -> None:
    for name in ("session.js", "issuer.js"):
        text = (FOLDER / name).read_text()
        assert not re.search(r"localStorage|document\.cookie|console\.\w+\(", text), name
