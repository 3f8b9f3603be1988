"""The documentation page and its files, as they are served."""

import pytest

from functions.http.docs_page import CONTENT_SECURITY_POLICY, FILE_NAMES, read_static_file
from tests.e2e.exchange import Exchange


async def test_the_page_is_served_under_a_strict_policy(exchange: Exchange) -> None:
    for path in ("/docs", "/docs/"):
        async with exchange.session.get(exchange.stack.api + path) as response:
            assert (response.status, response.content_type) == (200, "text/html")
            assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "no-store"
            page = await response.text()
        assert all(f'"/docs/{name}?v=' in page for name in FILE_NAMES)


@pytest.mark.parametrize("name", FILE_NAMES)
async def test_a_file_is_kept_by_browsers_only_if_its_url_names_the_version(exchange: Exchange, name: str) -> None:
    file = read_static_file(name)
    assert file is not None
    versions = {file.version: "public, max-age=31536000, immutable", "old": "no-cache", "": "no-cache"}
    for version, caching in versions.items():
        url = f"{exchange.stack.api}/docs/{name}"
        async with exchange.session.get(url, params={"v": version}) as response:
            assert (response.status, response.content_type) == (200, file.media_type)
            assert response.headers["Cache-Control"] == caching
            assert response.headers["ETag"] == f'"{file.version}"'
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert await response.read() == file.content


@pytest.mark.parametrize(("etag", "status"), [('"{}"', 304), ('W/"{}"', 304), ('"x", "{}"', 304), ('"x"', 200)])
async def test_a_file_is_sent_again_only_if_its_etag_differs(exchange: Exchange, etag: str, status: int) -> None:
    file = read_static_file("docs.js")
    assert file is not None
    headers = {"If-None-Match": etag.format(file.version)}
    async with exchange.session.get(f"{exchange.stack.api}/docs/docs.js", headers=headers) as response:
        assert response.status == status
        assert response.headers["ETag"] == f'"{file.version}"'
        assert await response.read() == (file.content if status == 200 else b"")


@pytest.mark.parametrize("name", ["index.html", "manifest.json", "swagger-ui-bundle.js.map", "..%2Fdocs.js", "%00"])
async def test_other_files_are_not_found(exchange: Exchange, name: str) -> None:
    async with exchange.session.get(f"{exchange.stack.api}/docs/{name}") as response:
        assert (response.status, response.content_type) == (404, "application/problem+json")
