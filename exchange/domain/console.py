"""Sign-in of the web console."""

from dataclasses import dataclass
from typing import Self

from exchange.domain.callers import SCOPE


@dataclass(frozen=True, slots=True)
class ConsoleSignIn:
    """Where a user of the console signs in: the OpenID Connect issuer, the client id, the scope of access tokens."""

    authority: str
    client_id: str
    scope: str

    @classmethod
    def for_audience(cls, authority: str, client_id: str, audience: str) -> Self:
        """Make it for access tokens with this audience, which is an application's client id or its URI."""
        resource = audience if "://" in audience else f"api://{audience}"
        return cls(authority, client_id, f"{resource}/{SCOPE}")
