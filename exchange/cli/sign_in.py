"""Access tokens for a profile."""

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exchange.cli.exits import CommandError, Exit
from exchange.cli.profiles import Profile, SignIn
from exchange.client.errors import Unreachable

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_CACHE = "enhancement-exchange"
# A token is replaced this long before it expires.
_EARLIER_S = 300
_TOKEN = "EXCHANGE_TOKEN"  # noqa: S105 - the name of a variable  # nosec B105


class StackStopped(CommandError, Unreachable):  # noqa: N818 - it is a state, as its base
    """The local stack has no file, because it does not run. It has none for some seconds while it restarts."""


def make_get_token(profile: Profile) -> Callable[[], str]:
    """Return what gets an access token. It raises CommandError if there is none."""
    match profile.sign_in:
        case SignIn.STACK:
            return lambda: _check(_read_stack_token(profile))
        case SignIn.TOKEN:
            return lambda: _check(_read_environment())
        case _:
            return _CachedToken(_make_credential(profile), profile.scope or "")


class _CachedToken:
    """The token of a credential, until shortly before it expires. Some credentials start a process for each token."""

    def __init__(self, credential: "TokenCredential", scope: str) -> None:
        self._credential = credential
        self._scope = scope
        self._token: str | None = None
        self._expires_at = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        from azure.core.exceptions import ClientAuthenticationError

        with self._lock:
            if self._token is None or time.time() > self._expires_at - _EARLIER_S:
                try:
                    found = self._credential.get_token(self._scope)
                except ClientAuthenticationError as error:
                    raise _refuse(error) from None
                self._token, self._expires_at = _check(found.token), found.expires_on
            return self._token


def _check(token: str) -> str:
    """Return the token without white space around it. Raises CommandError if it cannot be sent."""
    stripped = token.strip()
    if not (stripped.isascii() and stripped.isprintable()):
        raise CommandError("The access token has characters that no token has.", Exit.NOT_SIGNED_IN)
    return stripped


def complete_sign_in(profile: Profile) -> Profile:
    """Sign in now if that needs a person. Return the profile with the account."""
    if profile.sign_in not in {SignIn.BROWSER, SignIn.DEVICE}:
        return profile
    from azure.core.exceptions import ClientAuthenticationError

    credential: Any = _make_credential(profile)
    try:
        return replace(profile, account=credential.authenticate(scopes=[profile.scope]).serialize())
    except ClientAuthenticationError as error:
        raise _refuse(error) from None


def _read_stack_token(profile: Profile) -> str:
    file = Path(profile.stack or "")
    advice = f"{file} cannot be read. Is the local stack running? `make up` starts it."
    try:
        tokens = dict[str, str](json.loads(file.read_bytes())["tokens"])
    except FileNotFoundError:
        raise StackStopped(advice, Exit.NOT_SIGNED_IN) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise CommandError(advice, Exit.NOT_SIGNED_IN) from None
    try:
        return str(tokens[profile.role or ""])
    except KeyError:
        raise CommandError(f"The local stack has no role '{profile.role}'. Roles: {', '.join(tokens)}.") from None


def _read_environment() -> str:
    token = os.environ.get(_TOKEN)
    if not token:
        raise CommandError(f"The environment variable {_TOKEN} is not set.", Exit.NOT_SIGNED_IN)
    return token


def _make_credential(profile: Profile) -> "TokenCredential":
    # azure-identity takes a fifth of a second to import, and most commands on a local stack do not need it.
    from azure import identity

    # Without a client id, the library's own application signs in.
    options: dict[str, Any] = {"tenant_id": profile.tenant_id, "client_id": profile.client_id}
    given = {name: value for name, value in options.items() if value is not None}
    match profile.sign_in:
        case SignIn.AZ:
            return identity.AzureCliCredential(tenant_id=profile.tenant_id or "")
        case SignIn.CLIENT_SECRET:
            return identity.EnvironmentCredential()
        case SignIn.MANAGED_IDENTITY:
            return identity.ManagedIdentityCredential(client_id=profile.client_id)
        case _:
            kind = identity.InteractiveBrowserCredential
            if profile.sign_in is SignIn.DEVICE:
                kind = identity.DeviceCodeCredential  # type: ignore[assignment] # both have the same options
            account = profile.account and identity.AuthenticationRecord.deserialize(profile.account)
            cache = identity.TokenCachePersistenceOptions(name=_CACHE)
            return kind(
                **given,
                authentication_record=account or None,
                cache_persistence_options=cache,
                disable_automatic_authentication=bool(account),
            )


def _refuse(error: Exception) -> CommandError:
    """Return the error for a failed sign-in: the first line, because the others are advice for programmers."""
    return CommandError(f"Sign-in failed: {str(error).splitlines()[0]}", Exit.NOT_SIGNED_IN)
