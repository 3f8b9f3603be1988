"""Access tokens of Microsoft Entra ID, or of another issuer that publishes its keys as a JWK set."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from json import JSONDecodeError
from typing import Any

import jwt

from exchange.domain.callers import SCOPE, Role, User
from exchange.domain.errors import NotAuthenticated, Unavailable
from exchange.settings import Tokens

# The algorithm of Entra. A token may not choose another one, such as `none` or an HMAC with the public key.
_ALGORITHMS = ["RS256"]
_REQUIRED = ["exp", "nbf", "iss", "aud", "sub"]
# The claims that name the client, in version 2 and in version 1. Every access token of Entra has one, and no ID token.
_CLIENT_CLAIMS = ("azp", "appid")
# Claims of ID tokens only: OpenID Connect defines them.
_ID_TOKEN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash"})
# For the difference between clocks.
_LEEWAY_S = 30
_MAX_TOKEN_BYTES = 16 << 10

_FETCH_TIMEOUT_S = 5
_KEYS_LIFETIME_S = 300.0
# The minimum time between two fetches, including failed ones, because anyone can invent unknown key ids.
_COOLDOWN_S = 30.0


class AccessTokens:
    """Validates tokens; see `ports.Tokens`. The keys are cached. An unknown key id makes it fetch them again."""

    def __init__(self, settings: Tokens) -> None:
        """Store the issuer, the audience, and the address of the issuer's keys."""
        self._settings = settings
        self._keys = _Keys(settings.token_keys_url or "")

    async def authenticate(self, token: str) -> User:
        """Return the user. Raises NotAuthenticated, or Unavailable if settings or the issuer's keys are missing."""
        missing = [name.upper() for name, value in self._settings if not value]
        if missing:
            raise Unavailable(f"No token can be validated because settings are missing: {', '.join(missing)}.")
        if len(token) > _MAX_TOKEN_BYTES:
            raise NotAuthenticated(f"The access token is longer than {_MAX_TOKEN_BYTES} bytes.")
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            return _to_user(self._claims(token, await self._keys.get(str(key_id))))
        except jwt.PyJWTError as error:
            raise NotAuthenticated(f"The access token is invalid: {_describe(error)}.") from error

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            audience=self._settings.token_audience,
            issuer=self._settings.token_issuer,
            leeway=_LEEWAY_S,
            options={"require": _REQUIRED, "strict_aud": True},
        )
        if not _is_access_token(claims):
            raise _NotAnAccessToken
        return claims


class _NotAnAccessToken(jwt.InvalidTokenError):
    """The token is one of the issuer for this exchange, but not an access token."""


def _is_access_token(claims: dict[str, Any]) -> bool:
    """Return whether this is a user's token with our scope, or an application's token.

    An application's token has no scopes. Its claim `idtyp` is optional, so the claim that names its client has to do.
    """
    if "scp" in claims:
        return isinstance(claims["scp"], str) and SCOPE in claims["scp"].split()
    names_client = any(isinstance(claims.get(name), str) for name in _CLIENT_CLAIMS)
    return names_client and claims.get("idtyp", "app") == "app" and _ID_TOKEN_CLAIMS.isdisjoint(claims)


class _Keys:
    """The issuer's keys by id. A caller whose key is known never waits for a fetch that another caller caused."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = -_KEYS_LIFETIME_S
        self._fetching = asyncio.Lock()
        # Its own thread, so that a fetch that hangs does not occupy a shared one.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keys")

    async def get(self, key_id: str) -> jwt.PyJWK:
        """Return the key. Raises PyJWKClientError if the issuer has no such key, Unavailable if it does not answer."""
        known = self._known.get(key_id)
        if known is not None and (self._fresh() or self._fetching.locked()):
            return known
        async with self._fetching:
            if key_id not in self._known or not self._fresh():
                await self._fetch()
        if key_id in self._known:
            return self._known[key_id]
        if not self._fresh():
            raise Unavailable("The keys of the token's issuer cannot be fetched.")
        raise jwt.PyJWKClientError("no such key")

    def _fresh(self) -> bool:
        return time.monotonic() - self._fetched_at < _KEYS_LIFETIME_S

    async def _fetch(self) -> None:
        """Fetch the keys, unless that was tried a moment ago. If it fails, keep the known keys."""
        if time.monotonic() - self._tried_at < _COOLDOWN_S:
            return
        self._tried_at = time.monotonic()
        client = jwt.PyJWKClient(self._url, timeout=_FETCH_TIMEOUT_S)
        try:
            keys = await asyncio.get_running_loop().run_in_executor(self._thread, client.get_signing_keys)
        except (jwt.PyJWKClientError, jwt.PyJWKSetError, JSONDecodeError):
            return
        self._known = {str(key.key_id): key for key in keys}
        self._fetched_at = time.monotonic()


def _to_user(claims: dict[str, Any]) -> User:
    """Return the user. `oid` is the same for all applications of a directory, `sub` only for one application."""
    claimed = claims.get("roles", [])
    roles = {role for role in Role if role in claimed} if isinstance(claimed, list) else set()
    return User(str(claims.get("oid") or claims["sub"]), frozenset(roles))


_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.InvalidAudienceError, "it is for another audience"),
    (jwt.InvalidIssuerError, "it is from another issuer"),
    (jwt.MissingRequiredClaimError, "a claim is missing"),
    (jwt.InvalidAlgorithmError, "its algorithm is not RS256"),
    (jwt.InvalidSignatureError, "its signature is wrong"),
    (_NotAnAccessToken, f"it is an ID token, or it lacks the scope '{SCOPE}'"),
    (jwt.PyJWKClientError, "its key does not belong to the issuer"),
)


def _describe(error: jwt.PyJWTError) -> str:
    """Describe the error in our own words, because the library's may quote the token."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "it is malformed")
