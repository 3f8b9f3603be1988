"""Sign-in for browsers: the OpenID Connect endpoints of the local issuer.

They use http, because no browser trusts the certificate of the stack.
There are no passwords: the page of `/authorize` signs in as any of the roles. Requests that Microsoft Entra ID refuses
are refused here too, so that a faulty client is noticed on the local stack.
"""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
from aiohttp import web

from exchange.domain.callers import SCOPE
from local.issuer import AUDIENCE, CONSOLE_CLIENT, ROLES, make_key_set, mint
from local.sign_in_pages import HEADERS, make_choices, make_page

_CODE_LIFETIME_S = 60
_REFRESH_LIFETIME_S = 24 * 3600
_REFRESH_AUDIENCE = "refresh tokens of the local issuer"
_SCOPE = f"{AUDIENCE}/{SCOPE}"
_HOST = r"(127\.0\.0\.1|localhost):[0-9]{1,5}"
_LOOPBACK = re.compile(_HOST)
_REDIRECT = re.compile(rf"http://{_HOST}/console/")
_ORIGIN = re.compile(rf"http://{_HOST}")


class _Refused(Exception):  # noqa: N818 - it becomes an answer, not a failure
    """The request is refused, with an error code of OAuth 2.0 and a sentence."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a code stands for."""

    role: str
    redirect: str
    challenge: str
    nonce: str | None
    until: float


class SignIn:
    """The endpoints. Codes are kept in memory. Refresh tokens are signed, so they outlive a restart."""

    def __init__(self, key: Path, lifetime_s: int) -> None:
        """`key` is the private key of the issuer (PEM), and `lifetime_s` the lifetime of access tokens."""
        self._key = key
        self._key_set = make_key_set(key)
        self._lifetime_s = lifetime_s
        self._grants: dict[str, _Grant] = {}

    def make_app(self) -> web.Application:
        """Return the application with these endpoints."""
        app = web.Application(middlewares=[_guard])
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._return_keys)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._issue)
        app.router.add_get("/logout", self._log_out)
        return app

    async def _describe(self, request: web.Request) -> web.Response:
        issuer = str(request.url.origin())
        return web.json_response(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
                "end_session_endpoint": f"{issuer}/logout",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "profile", "offline_access", _SCOPE],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _return_keys(self, _request: web.Request) -> web.Response:
        return web.json_response(self._key_set)

    async def _authorize(self, request: web.Request) -> web.Response:
        """Show the page with the roles. With a `role`, send the user back with a code for it."""
        query = request.query
        redirect = query.get("redirect_uri", "")
        # An answer to a client that is not known must not be sent anywhere.
        if query.get("client_id") != CONSOLE_CLIENT or not _REDIRECT.fullmatch(redirect):
            return make_page("Sign-in is refused", "<p>The client or its redirect address is not known.</p>", 400)
        issuer = str(request.url.origin())
        state = {name: query[name] for name in ("state",) if name in query}
        try:
            _check_authorization(query)
            role = query.get("role")
            if role is None:
                return make_page("Sign in to the local stack as", make_choices(query))
            code = self._make_code(role, query)
        except _Refused as error:
            answer = {"error": error.code, "error_description": str(error), **state, "iss": issuer}
            return _redirect(f"{redirect}?{urlencode(answer)}")
        return _redirect(f"{redirect}?{urlencode({'code': code, **state, 'iss': issuer})}")

    def _make_code(self, role: str, query: Mapping[str, str]) -> str:
        if role not in ROLES:
            raise _Refused("access_denied", f"The local stack has no role '{role}'.")
        now = time.monotonic()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.until > now}
        code = secrets.token_urlsafe(32)
        self._grants[code] = _Grant(
            role, query["redirect_uri"], query["code_challenge"], query.get("nonce"), now + _CODE_LIFETIME_S
        )
        return code

    async def _issue(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        issuer = str(request.url.origin())
        try:
            role, nonce = self._check_grant(form)
        except _Refused as error:
            return web.json_response({"error": error.code, "error_description": str(error)}, status=400)
        return web.json_response(self._make_tokens(issuer, role, nonce))

    def _check_grant(self, form: Mapping[str, str]) -> tuple[str, str | None]:
        """Return the role to issue tokens for, and the nonce of the ID token."""
        if form.get("client_id") != CONSOLE_CLIENT:
            raise _Refused("invalid_client", "The client is not known.")
        match form.get("grant_type"):
            case "authorization_code":
                grant = self._take_grant(form)
                return grant.role, grant.nonce
            case "refresh_token":
                return self._read_refresh_token(form), None
            case _:
                raise _Refused("unsupported_grant_type", "The grant must be authorization_code or refresh_token.")

    def _take_grant(self, form: Mapping[str, str]) -> _Grant:
        """Return what the code stands for. It can be used once, also if the verifier is wrong."""
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.until <= time.monotonic():
            raise _Refused("invalid_grant", "The code is not known, was used before, or has expired.")
        if grant.redirect != form.get("redirect_uri"):
            raise _Refused("invalid_grant", "The redirect address is not the one of the authorization request.")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not secrets.compare_digest(challenge.encode(), grant.challenge.encode()):
            raise _Refused("invalid_grant", "The code verifier does not belong to the code challenge.")
        return grant

    def _read_refresh_token(self, form: Mapping[str, str]) -> str:
        """Return the role that the refresh token is for."""
        key = jwt.PyJWK(self._key_set["keys"][0])
        try:
            claims = jwt.decode(form.get("refresh_token", ""), key, algorithms=["RS256"], audience=_REFRESH_AUDIENCE)
        except jwt.PyJWTError:
            raise _Refused("invalid_grant", "The refresh token is not valid, or has expired.") from None
        return str(claims["roles"][0])

    def _make_tokens(self, issuer: str, role: str, nonce: str | None) -> dict[str, Any]:
        now = int(time.time())
        expiry = now + self._lifetime_s
        about = {"name": f"Local {role}", "preferred_username": f"{role}@exchange.local", "iat": now, "nbf": now}
        id_claims = {"iss": issuer, "aud": CONSOLE_CLIENT, "nonce": nonce, "exp": expiry, **about}
        refresh_claims = {"aud": _REFRESH_AUDIENCE, "exp": now + _REFRESH_LIFETIME_S}
        not_for_access = dict.fromkeys(("azp", "azpacr", "scp"))
        return {
            "token_type": "Bearer",
            "access_token": mint(self._key, role, azp=CONSOLE_CLIENT, exp=expiry, jti=secrets.token_hex(8), **about),
            "expires_in": self._lifetime_s,
            "refresh_token": mint(self._key, role, **not_for_access, **refresh_claims),
            "id_token": mint(self._key, role, **not_for_access, **id_claims),
            "scope": f"openid profile offline_access {_SCOPE}",
        }

    async def _log_out(self, request: web.Request) -> web.Response:
        redirect = request.query.get("post_logout_redirect_uri", "")
        if _REDIRECT.fullmatch(redirect):
            return _redirect(redirect)
        return make_page("You are signed out", "<p>You can close this page.</p>")


def _check_authorization(query: Mapping[str, str]) -> None:
    if query.get("response_type") != "code":
        raise _Refused("unsupported_response_type", "The response type must be 'code'.")
    if query.get("code_challenge_method") != "S256" or not re.fullmatch(r"[\w-]{43}", query.get("code_challenge", "")):
        raise _Refused("invalid_request", "A code challenge with the method S256 is required.")
    if not {"openid", _SCOPE} <= set(query.get("scope", "").split()):
        raise _Refused("invalid_scope", f"The scopes 'openid' and '{_SCOPE}' are required.")


def _redirect(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address})


@web.middleware
async def _guard(request: web.Request, handler: Any) -> web.StreamResponse:
    """Serve this machine only, and let the pages of a console on it read the answers."""
    # A foreign page could otherwise reach this server under a name of its own that resolves to this machine.
    if not _LOOPBACK.fullmatch(request.host):
        return web.Response(status=421)
    response: web.StreamResponse = await handler(request)
    response.headers.update(HEADERS)
    origin = request.headers.get("Origin", "")
    if _ORIGIN.fullmatch(origin) and request.path != "/authorize":
        response.headers.update({"Access-Control-Allow-Origin": origin, "Vary": "Origin"})
    return response
