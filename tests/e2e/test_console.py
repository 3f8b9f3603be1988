"""The web console as it is served, and the sign-in of its users on the local stack."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.exchange import Exchange
from tests.local.authorization import Authorization


async def read_settings(exchange: Exchange) -> dict[str, str]:
    async with exchange.session.get(exchange.stack.addresses["console"]) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
        found = re.search(r'name="exchange-settings" content="([^"]+)"', await response.text())
    assert found is not None
    settings: dict[str, str] = json.loads(unescape(found[1]))
    return settings


async def test_the_page_and_its_modules_are_served(exchange: Exchange) -> None:
    api = exchange.stack.api
    for path in ("/console", "/console/", "/console/batches/x?status=failed&text=a"):
        async with exchange.session.get(api + path) as response:
            assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
            page = await response.text()
    modules = re.findall(r'rel="modulepreload" href="([^"]+)"', page)
    assert modules
    for module in modules:
        async with exchange.session.get(api + module) as response:
            assert (response.status, response.content_type) == (200, "text/javascript")
            assert "immutable" in response.headers["Cache-Control"]
            assert response.headers["Content-Encoding"] == "gzip"
        async with exchange.session.get(api + module.replace("/v-", "/v-0")) as response:
            assert response.status == 404
    async with exchange.session.head(f"{api}/console/") as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_the_api_accepts_the_token_of_a_user_who_signs_in_as_the_page_says(exchange: Exchange) -> None:
    settings = await read_settings(exchange)
    redirect = exchange.stack.addresses["console"]
    authorization = Authorization(settings["client_id"], redirect, settings["scope"])
    async with exchange.session.get(
        f"{settings['authority']}/authorize", params=authorization.query(role="operator"), allow_redirects=False
    ) as response:
        location = urlsplit(response.headers["Location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == redirect
    form = authorization.form(parse_qs(location.query)["code"][0])
    async with exchange.session.post(f"{settings['authority']}/token", data=form) as response:
        answer: dict[str, Any] = await response.json()
    for token, status in ((answer["access_token"], 200), (answer["id_token"], 401), (answer["refresh_token"], 401)):
        headers = {"Authorization": f"Bearer {token}"}
        async with exchange.session.get(f"{exchange.stack.api}/robots/", headers=headers) as response:
            assert response.status == status


async def test_pages_of_the_app_may_read_files_from_the_blob_storage(exchange: Exchange) -> None:
    settings = await read_settings(exchange)
    blob = exchange.stack.addresses["blob"]
    assert blob.startswith(settings["blob_origin"])
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    for origin, allowed in ((exchange.stack.api, exchange.stack.api), ("https://evil.example", None)):
        headers = {"Origin": origin, **asked}
        async with exchange.session.options(f"{blob}/batches/x", headers=headers) as response:
            assert response.headers.get("Access-Control-Allow-Origin") == allowed
