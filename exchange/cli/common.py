"""The options of every command, and the client that they lead to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from exchange.cli.profiles import read_profiles
from exchange.cli.terminal import Terminal

if TYPE_CHECKING:
    from exchange.client import Client


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Common:
    """Options of every command.

    Parameters
    ----------
    json
        Print JSON instead of tables.
    profile
        Use this profile instead of the current one, or the `stack.json` of a local stack without signing in.
    """

    json: Annotated[bool, Parameter(negative="")] = False
    profile: Annotated[str | None, Parameter(env_var="EXCHANGE_PROFILE")] = None

    @property
    def terminal(self) -> Terminal:
        """What prints the results."""
        return Terminal(as_json=self.json)

    @contextmanager
    def connect(self) -> Iterator["Client"]:
        """Open the client of the profile. Raises CommandError."""
        from exchange.cli.sign_in import make_get_token
        from exchange.client import Client

        _, profile = read_profiles().choose(self.profile)
        with Client(profile.url, make_get_token(profile)) as client:
            yield client


COMMON = Common()
