"""A client of the local issuer: what a browser sends to sign a user in."""

import base64
import hashlib
from dataclasses import dataclass

from local.issuer import CONSOLE_CLIENT

REDIRECT = "http://127.0.0.1:7071/console/"
VERIFIER = "a verifier that nobody else knows, of 43 characters"


@dataclass(frozen=True, slots=True)
class Authorization:
    """One sign-in. A value that is None is left out of what it sends."""

    client_id: str = CONSOLE_CLIENT
    redirect: str = REDIRECT
    scope: str = "api://enhancement-exchange.local/access"

    def query(self, **changes: str | None) -> dict[str, str]:
        """Return the query of the request to `/authorize`."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        usual = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "scope": f"openid profile offline_access {self.scope}",
            "state": "a state",
            "nonce": "a nonce",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def form(self, code: str, /, **changes: str | None) -> dict[str, str]:
        """Return the body of the request to `/token`."""
        usual = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect,
            "code": code,
            "code_verifier": VERIFIER,
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}
