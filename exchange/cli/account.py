"""Signing in and out, and the profiles."""

import base64
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter

from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.cli.profiles import Profile, Profiles, SignIn, check_address, read_profiles, read_stack, write_profiles
from exchange.cli.sign_in import complete_sign_in, make_get_token
from exchange.client import Client

_STACK_FILE = Path(".local/stack.json")


def login(
    url: str | None = None,
    *,
    name: str | None = None,
    sign_in: Annotated[SignIn | None, Parameter(name="--with")] = None,
    scope: str | None = None,
    tenant: str | None = None,
    client: str | None = None,
    role: str = "operator",
    common: Common = COMMON,
) -> None:
    """Sign in to an exchange, and use it from now on.

    Without a URL, it is the local stack that runs in this folder.

    Parameters
    ----------
    url
        The address of the exchange, as `make deploy` prints it. Or the `stack.json` of a local stack.
    name
        The name of the profile. The default is the host of the address.
    sign_in
        `az` (the default), `browser`, `device`, `client-secret`, `managed-identity`, `token` or `stack`.
    scope
        The scope of the access tokens: `api://<client id>/.default`.
    tenant
        The tenant to sign in to, if it is not your own.
    client
        The application that signs in, or the client id of the managed identity.
    role
        The role on a local stack: `requestor`, `contributor` or `operator`.
    """
    profile = _make_profile(url, sign_in, role)
    profile = replace(profile, scope=scope, tenant_id=tenant, client_id=client)
    if scope is None and profile.sign_in not in {SignIn.STACK, SignIn.TOKEN}:
        raise CommandError(
            "Name the scope of the access tokens with --scope api://<client id>/.default. For a local stack, name its "
            "stack.json instead of its address.",
            Exit.USAGE,
        )
    profile = complete_sign_in(profile)
    with Client(profile.url, make_get_token(profile)) as api:
        robots = api.list_robots().root
    chosen = name or ("local" if profile.sign_in is SignIn.STACK else urlsplit(profile.url).hostname or profile.url)
    known = read_profiles()
    write_profiles(Profiles({**known.by_name, chosen: profile}, chosen))
    common.terminal.say(f"Signed in to {profile.url} as profile '{chosen}'. It has {len(robots)} robots.")
    common.terminal.suggest("exchange robots list")


def _make_profile(url: str | None, sign_in: SignIn | None, role: str) -> Profile:
    if url is not None and url.lower().startswith(("http://", "https://")):
        check_address(url)
        default = SignIn.TOKEN if os.environ.get("EXCHANGE_TOKEN") else SignIn.AZ
        return Profile(url.rstrip("/"), sign_in or default)
    return read_stack(Path(url) if url is not None else _STACK_FILE, role)


def logout(*, common: Common = COMMON) -> None:
    """Forget a profile: the named one, or the current one."""
    profiles = read_profiles()
    name, _ = profiles.choose(common.profile)
    rest = {known: profile for known, profile in profiles.by_name.items() if known != name}
    current = profiles.current if profiles.current in rest else next(iter(rest), None)
    write_profiles(Profiles(rest, current))
    common.terminal.say(f"Forgot the profile '{name}'." + (f" The current one is '{current}'." if current else ""))


def whoami(*, common: Common = COMMON) -> None:
    """Show the profile, the user and the roles."""
    name, profile = read_profiles().choose(common.profile)
    claims = _read_claims(make_get_token(profile)())
    user = claims.get("preferred_username") or claims.get("name") or claims.get("oid") or claims.get("sub")
    shown = {
        "profile": name,
        "url": profile.url,
        "sign_in": profile.sign_in.value,
        "user": user,
        "roles": claims.get("roles", []),
    }
    if common.json:
        common.terminal.write_json(shown)
    else:
        rows = [(key, ", ".join(value) if isinstance(value, list) else value) for key, value in shown.items()]
        common.terminal.write_table(["", ""], rows)


def _read_claims(token: str) -> dict[str, Any]:
    """Return the claims of a token. It is not verified: only the exchange decides with it."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def profiles(use: str | None = None, *, common: Common = COMMON) -> None:
    """List the profiles, or make one the current one.

    Parameters
    ----------
    use
        The profile to use from now on.
    """
    known = read_profiles()
    if use is not None:
        name, _ = known.choose(use)
        known = Profiles(known.by_name, name)
        write_profiles(known)
    listed = [
        {"name": name, "current": name == known.current, "url": profile.url, "sign_in": profile.sign_in.value}
        for name, profile in known.by_name.items()
    ]
    if common.json:
        common.terminal.write_json(listed)
    else:
        rows = [("*" if row["current"] else "", row["name"], row["url"], row["sign_in"]) for row in listed]
        common.terminal.write_table(["", "profile", "url", "sign-in"], rows)
