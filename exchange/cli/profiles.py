"""Profiles: which exchange, and how to sign in there. They are in the configuration folder, without secrets."""

import json
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
from pydantic import TypeAdapter, ValidationError

from exchange.cli.exits import CommandError, Exit
from exchange.contract.base import describe_faults
from exchange.files.replacing import replacing

_FOLDER = "enhancement-exchange"


class SignIn(StrEnum):
    """How a profile gets access tokens."""

    AZ = "az"
    """From the Azure CLI, after `az login`."""
    BROWSER = "browser"
    """In a browser. The tokens are kept in the platform's credential store."""
    DEVICE = "device"
    """In a browser on another device."""
    CLIENT_SECRET = "client-secret"  # noqa: S105 - the name of a method  # nosec B105
    """As a program: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET in the environment."""
    MANAGED_IDENTITY = "managed-identity"
    """As the managed identity of the machine."""
    STACK = "stack"
    """On the local stack, with the tokens of its `stack.json`."""
    TOKEN = "token"  # noqa: S105 - the name of a method  # nosec B105
    """With the token in the environment variable EXCHANGE_TOKEN."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One exchange. `scope` is that of the tokens, `stack` the file of a local stack, and `role` the role there."""

    url: str
    sign_in: SignIn
    scope: str | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    stack: str | None = None
    role: str | None = None
    # The account of a sign-in in a browser, without its tokens.
    account: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Profiles:
    """All profiles, and which one is used if none is named."""

    by_name: dict[str, Profile] = field(default_factory=dict)
    current: str | None = None

    def choose(self, name: str | None) -> tuple[str, Profile]:
        """Return the named profile, or the current one. The file of a local stack is a profile too.

        Raises CommandError.
        """
        chosen = name or self.current
        if chosen is not None and chosen.endswith(".json"):
            return chosen, read_stack(Path(chosen), "operator")
        if chosen is None:
            raise CommandError("You are not signed in. Type: exchange login URL", Exit.NOT_SIGNED_IN)
        if chosen not in self.by_name:
            known = ", ".join(self.by_name) or "none"
            raise CommandError(f"There is no profile '{chosen}'. Profiles: {known}.", Exit.NOT_SIGNED_IN)
        return chosen, self.by_name[chosen]


def read_stack(file: Path, role: str) -> Profile:
    """Return the profile of a local stack with this `stack.json`. Raises CommandError."""
    try:
        api = json.loads(file.read_bytes())["api"]
        check_address(api)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CommandError):
        raise CommandError(
            f"{file} is not the file of a local stack that runs. Name the address of an exchange, or the file "
            ".local/stack.json in the folder in which `make up` runs.",
            Exit.USAGE,
        ) from None
    return Profile(api, SignIn.STACK, stack=str(file.absolute()), role=role)


def check_address(url: str) -> None:
    """Raise CommandError unless this is an address without a secret."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname is not None and parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise CommandError("The address must be like https://exchange.example", Exit.USAGE)
    if parts.username is not None or parts.query or parts.fragment:
        raise CommandError("The address must not have a user name, a query or a fragment.", Exit.USAGE)


def find_file() -> Path:
    """Return the file of the profiles. `EXCHANGE_CONFIG` names another folder."""
    folder = os.environ.get("EXCHANGE_CONFIG") or platformdirs.user_config_dir(_FOLDER, appauthor=False)
    return Path(folder) / "profiles.json"


def read_profiles() -> Profiles:
    """Read the profiles. Raises CommandError if the file cannot be read."""
    file = find_file()
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Profiles()
    try:
        return TypeAdapter(Profiles).validate_json(content)
    except ValidationError as error:
        raise CommandError(f"The profiles in {file} cannot be read: {'; '.join(describe_faults(error))}.") from None


def write_profiles(profiles: Profiles) -> None:
    """Replace the file of the profiles. Only its owner may read it."""
    file = find_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(file, 0o600) as written:
        written.write(TypeAdapter(Profiles).dump_json(profiles, indent=2) + b"\n")
