"""Access tokens of Microsoft Entra ID, or of any issuer that publishes its keys as a JWK set."""

import asyncio
from functools import cached_property
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
_KEYS_TIMEOUT_S = 5
_LONGEST_TOKEN = 16 << 10


class AccessTokens:
    """Checks tokens; see `ports.Tokens`. The keys are cached, and fetched anew for a key id that is not among them."""

    def __init__(self, issuer: str | None, audience: str | None, keys_url: str | None) -> None:
        """Take what a token must say, and where its issuer publishes its keys."""
        self._settings = {"TOKEN_ISSUER": issuer, "TOKEN_AUDIENCE": audience, "TOKEN_KEYS_URL": keys_url}

    async def member(self, token: str) -> Member:
        """Say whose token it is; raises NotAuthenticated, or Unavailable if there is nothing to check it by."""
        missing = [name for name, value in self._settings.items() if not value]
        if missing:
            raise Unavailable(f"Nobody can be let in while settings are missing: {', '.join(missing)}.")
        if len(token) > _LONGEST_TOKEN:
            raise NotAuthenticated("The access token is too long.")
        try:
            # In a thread: the keys may have to be fetched, and a signature takes its time.
            claims = await asyncio.to_thread(self._claims, token)
        except (jwt.PyJWKClientConnectionError, JSONDecodeError) as error:
            raise Unavailable("The keys of the token's issuer can't be fetched.") from error
        except jwt.PyJWTError as error:
            raise NotAuthenticated(f"The access token does not hold: {_why(error)}.") from error
        return _member(claims)

    @cached_property
    def _keys(self) -> jwt.PyJWKClient:
        return jwt.PyJWKClient(str(self._settings["TOKEN_KEYS_URL"]), timeout=_KEYS_TIMEOUT_S)

    def _claims(self, token: str) -> dict[str, Any]:
        key = self._keys.get_signing_key_from_jwt(token)
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
