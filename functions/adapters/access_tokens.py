"""Access tokens of Microsoft Entra ID, or of any issuer that publishes its keys as a JWK set."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from json import JSONDecodeError
from typing import Any

import jwt

from functions.domain.callers import Member, Role
from functions.domain.errors import NotAuthenticated, Unavailable

# The one that Entra signs with. A token does not get to choose: not `none`, nor a MAC with the public key.
_ALGORITHMS = ["RS256"]
_REQUIRED = ["exp", "nbf", "iss", "aud", "sub"]
# Clocks differ a little.
_LEEWAY_S = 30
_LONGEST_TOKEN = 16 << 10

_FETCH_TIMEOUT_S = 5
_KEYS_LIFETIME_S = 300.0
# Between two fetches, also between two that fail: unknown key ids are anybody's to make up.
_COOLDOWN_S = 30.0


class AccessTokens:
    """Checks tokens; see `ports.Tokens`. The keys are cached, and fetched anew for a key id that is not among them."""

    def __init__(self, issuer: str | None, audience: str | None, keys_url: str | None) -> None:
        """Take what a token must say, and where its issuer publishes its keys."""
        self._settings = {"TOKEN_ISSUER": issuer, "TOKEN_AUDIENCE": audience, "TOKEN_KEYS_URL": keys_url}
        self._keys = _Keys(keys_url or "")

    async def member(self, token: str) -> Member:
        """Say whose token it is; raises NotAuthenticated, or Unavailable if there is nothing to check it by."""
        missing = [name for name, value in self._settings.items() if not value]
        if missing:
            raise Unavailable(f"Nobody can be let in while settings are missing: {', '.join(missing)}.")
        if len(token) > _LONGEST_TOKEN:
            raise NotAuthenticated("The access token is too long.")
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            return _member(self._claims(token, await self._keys.get(str(key_id))))
        except jwt.PyJWTError as error:
            raise NotAuthenticated(f"The access token does not hold: {_why(error)}.") from error

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=_ALGORITHMS,
            audience=self._settings["TOKEN_AUDIENCE"],
            issuer=self._settings["TOKEN_ISSUER"],
            leeway=_LEEWAY_S,
            options={"require": _REQUIRED, "strict_aud": True},
        )
        return claims


class _Keys:
    """The issuer's keys by their ids. Nobody whose key is known waits for a fetch that another's asked for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = -_KEYS_LIFETIME_S
        self._fetching = asyncio.Lock()
        # A thread of its own: a fetch that hangs takes none from anybody else.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keys")

    async def get(self, key_id: str) -> jwt.PyJWK:
        """Return the key; raises PyJWKClientError if the issuer has no such key, Unavailable if it can't be asked."""
        known = self._known.get(key_id)
        if known is not None and (self._fresh() or self._fetching.locked()):
            return known
        async with self._fetching:
            if key_id not in self._known or not self._fresh():
                await self._fetch()
        if key_id in self._known:
            return self._known[key_id]
        if not self._fresh():
            raise Unavailable("The keys of the token's issuer can't be fetched.")
        raise jwt.PyJWKClientError("no such key")

    def _fresh(self) -> bool:
        return time.monotonic() - self._fetched_at < _KEYS_LIFETIME_S

    async def _fetch(self) -> None:
        """Fetch the keys, unless that was tried a moment ago; keep what is known if it can't be done."""
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


def _member(claims: dict[str, Any]) -> Member:
    """Read who it is: `oid` is the same in all applications of a directory, `sub` in one."""
    given = claims.get("roles", [])
    roles = {role for role in Role if role in given} if isinstance(given, list) else set()
    return Member(str(claims.get("oid") or claims["sub"]), frozenset(roles))


_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired"),
    (jwt.ImmatureSignatureError, "it is not valid yet"),
    (jwt.InvalidAudienceError, "it is for another audience"),
    (jwt.InvalidIssuerError, "it is of another issuer"),
    (jwt.MissingRequiredClaimError, "a claim is missing"),
    (jwt.InvalidAlgorithmError, "its algorithm is not RS256"),
    (jwt.InvalidSignatureError, "its signature is not its issuer's"),
    (jwt.PyJWKClientError, "its key is not its issuer's"),
)


def _why(error: jwt.PyJWTError) -> str:
    """Say what is wrong in words of our own: the library's may quote the token."""
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), "it is malformed")
