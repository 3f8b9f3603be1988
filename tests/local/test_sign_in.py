"""The sign-in of the local issuer: authorization code flow with PKCE, as OAuth 2.0 and OpenID Connect define it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from aiohttp.test_utils import TestClient, TestServer

from local import sign_in
from local.issuer import AUDIENCE, CONSOLE_CLIENT, ISSUER, ROLES, make_key
from local.sign_in import SignIn
from tests.local.authorization import REDIRECT, Authorization

LIFETIME_S = 7
AUTHORIZATION = Authorization()
ORIGIN = "http://127.0.0.1:7071"

Client = TestClient[Any, Any]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("issuer") / "key.pem"
    make_key(file)
    return file


@pytest.fixture
async def client(key: Path) -> AsyncIterator[Client]:
    async with TestClient(TestServer(SignIn(key, LIFETIME_S).make_app())) as made:
        yield made


async def authorize(client: Client, **changes: str | None) -> tuple[str, dict[str, str]]:
    """Return the address to which the browser is sent, and the parameters in it."""
    response = await client.get("/authorize", params=AUTHORIZATION.query(**changes), allow_redirects=False)
    assert response.status == 302
    location = urlsplit(response.headers["Location"])
    return location._replace(query="").geturl(), dict(parse_qsl(location.query))


async def get_code(client: Client, role: str = "operator") -> str:
    _, answer = await authorize(client, role=role)
    return answer["code"]


async def post(client: Client, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
    response = await client.post("/token", data=form, headers={"Origin": ORIGIN})
    assert response.headers["Cache-Control"] == "no-store"
    return response.status, await response.json()


async def read_claims(client: Client, token: str, audience: str) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict(await (await client.get("/keys")).json())
    claims: dict[str, Any] = jwt.decode(token, keys.keys[0], algorithms=["RS256"], audience=audience)
    return claims


async def test_the_issuer_describes_itself(client: Client) -> None:
    described = await (await client.get("/.well-known/openid-configuration")).json()
    assert described["issuer"] == str(client.make_url("")).rstrip("/")
    assert described["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        assert described[name].startswith(described["issuer"])


async def test_the_page_offers_each_role_by_one_link_under_a_strict_policy(client: Client) -> None:
    response = await client.get("/authorize", params=AUTHORIZATION.query(state='"><script>'))
    page = await response.text()
    assert (response.status, response.content_type) == (200, "text/html")
    assert page.count("<a href=") == len(ROLES)
    assert all(f"role={role}" in page for role in ROLES)
    assert "<script" not in page
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("role", ROLES)
async def test_a_code_is_exchanged_for_tokens_of_the_role(client: Client, role: str) -> None:
    address, answer = await authorize(client, role=role)
    assert address == REDIRECT
    issuer = str(client.make_url("")).rstrip("/")
    assert {name: answer[name] for name in ("state", "iss")} == {"state": "a state", "iss": issuer}
    status, tokens = await post(client, AUTHORIZATION.form(answer["code"]))
    assert (status, tokens["token_type"], tokens["expires_in"]) == (200, "Bearer", LIFETIME_S)
    access = await read_claims(client, tokens["access_token"], AUDIENCE)
    assert (access["iss"], access["roles"], access["scp"]) == (ISSUER, [role], "access")
    assert access["exp"] - access["iat"] == LIFETIME_S
    identity = await read_claims(client, tokens["id_token"], CONSOLE_CLIENT)
    assert (identity["iss"], identity["roles"], identity["nonce"]) == (issuer, [role], "a nonce")
    assert identity["name"] == f"Local {role}"
    assert "scp" not in identity


async def test_a_refresh_token_gets_new_tokens_of_the_same_role_also_after_a_restart(client: Client, key: Path) -> None:
    _, first = await post(client, AUTHORIZATION.form(await get_code(client, "requestor")))
    form = {"grant_type": "refresh_token", "client_id": CONSOLE_CLIENT, "refresh_token": first["refresh_token"]}
    async with TestClient(TestServer(SignIn(key, LIFETIME_S).make_app())) as restarted:
        status, second = await post(restarted, form)
    assert status == 200
    assert second["access_token"] != first["access_token"]
    assert (await read_claims(client, second["access_token"], AUDIENCE))["roles"] == ["requestor"]


@pytest.mark.parametrize("name", ["access_token", "id_token"])
async def test_no_other_token_is_a_refresh_token(client: Client, name: str) -> None:
    _, tokens = await post(client, AUTHORIZATION.form(await get_code(client)))
    form = {"grant_type": "refresh_token", "client_id": CONSOLE_CLIENT, "refresh_token": tokens[name]}
    status, answer = await post(client, form)
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_a_code_is_accepted_once(client: Client) -> None:
    code = await get_code(client)
    assert (await post(client, AUTHORIZATION.form(code)))[0] == 200
    status, answer = await post(client, AUTHORIZATION.form(code))
    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_a_code_expires(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "_CODE_LIFETIME_S", 0)
    status, answer = await post(client, AUTHORIZATION.form(await get_code(client)))
    assert (status, answer["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "another verifier"}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:7099/console/"}, "invalid_grant"),
        ({"code": "invented"}, "invalid_grant"),
        ({"client_id": "another"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_a_wrong_request_gets_no_tokens(client: Client, changes: dict[str, str | None], error: str) -> None:
    status, answer = await post(client, AUTHORIZATION.form(await get_code(client), **changes))
    assert (status, answer["error"]) == (400, error)
    assert set(answer) == {"error", "error_description"}


async def test_a_wrong_verifier_uses_up_the_code(client: Client) -> None:
    code = await get_code(client)
    await post(client, AUTHORIZATION.form(code, code_verifier="another verifier"))
    assert (await post(client, AUTHORIZATION.form(code)))[0] == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/console/"},
        {"redirect_uri": "http://127.0.0.1:7071/console/../evil"},
        {"redirect_uri": "http://127.0.0.1:7071@evil.example/console/"},
        {"redirect_uri": "http://127.0.0.1:7071/console/?next=x"},
        {"redirect_uri": "http://127.0.0.1.evil.example:7071/console/"},
        {"redirect_uri": "http://127.0.0.1:\u0667\u0660\u0667\u0661/console/"},
        {"redirect_uri": None},
        {"client_id": "another"},
        {"client_id": None},
    ],
)
async def test_an_unknown_client_or_address_is_refused_without_a_redirect(
    client: Client, changes: dict[str, str | None]
) -> None:
    query = AUTHORIZATION.query(role="operator", **changes)
    response = await client.get("/authorize", params=query, allow_redirects=False)
    assert response.status == 400
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"role": "king"}, "access_denied"),
    ],
)
async def test_a_wrong_authorization_is_reported_to_the_client(
    client: Client, changes: dict[str, str | None], error: str
) -> None:
    address, answer = await authorize(client, **{"role": "operator", **changes})
    assert (address, answer["error"], answer["state"]) == (REDIRECT, error, "a state")
    assert "code" not in answer


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (ORIGIN, True),
        ("http://localhost:7071", True),
        ("https://evil.example", False),
        ("http://localhost:7071.evil.example", False),
        ("null", False),
    ],
)
async def test_only_pages_of_this_machine_may_read_the_answers(client: Client, origin: str, allowed: object) -> None:
    response = await client.post("/token", data={}, headers={"Origin": origin})
    assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:7073",
        "evil.example@127.0.0.1:7073",
        "127.0.0.1:7073@evil.example",
        "127.0.0.1:7073/evil.example",
        "127.0.0.1#evil.example:7073",
        "127.0.0.1.evil.example:7073",
        "[",
        "",
    ],
)
async def test_a_request_for_another_host_is_refused(client: Client, host: str) -> None:
    response = await client.get("/.well-known/openid-configuration", headers={"Host": host})
    assert response.status == 421


async def test_logging_out_leads_back_to_the_console_only(client: Client) -> None:
    for address, status in ((REDIRECT, 302), ("https://evil.example/console/", 200)):
        query = {"post_logout_redirect_uri": address}
        response = await client.get("/logout", params=query, allow_redirects=False)
        assert response.status == status
        assert response.headers.get("Location") == (address if status == 302 else None)
