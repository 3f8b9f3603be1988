"""Access tokens that the exchange must refuse, signed with and without the issuer's key."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from local.issuer import KEY_ID, mint


class Forger:
    """Makes tokens. `key` is the file of the issuer's private key, which real attackers do not have."""

    def __init__(self, key: Path) -> None:
        self._key = key
        self._own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = load_pem_private_key(key.read_bytes(), password=None)
        self._public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def issue(self, role: str = "operator", **claims: Any) -> str:
        """Return a token of the issuer with these claims in place of the usual ones."""
        return mint(self._key, role, **claims)

    def issue_without(self, claim: str) -> str:
        """Return a token of the issuer without this claim."""
        claims = self._claims()
        del claims[claim]
        return jwt.encode(claims, self._key.read_bytes(), algorithm="RS256", headers={"kid": KEY_ID})

    def sign_with_issuer_key(self, algorithm: str, **header: Any) -> str:
        """Return a token that is signed with the issuer's key, but with another algorithm or header."""
        return jwt.encode(
            self._claims(), self._key.read_bytes(), algorithm=algorithm, headers={"kid": KEY_ID, **header}
        )

    def sign_with_own_key(self, **header: Any) -> str:
        """Return a token that is signed with the attacker's key."""
        return jwt.encode(self._claims(), self._own, algorithm="RS256", headers={"kid": KEY_ID, **header})

    def own_key_set(self) -> dict[str, Any]:
        """Return the attacker's public key as a JWK."""
        key: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._own.public_key()))
        return key

    def make_unsigned(self) -> str:
        """Return a token with the algorithm `none`."""
        return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': KEY_ID})}.{_part(self._claims())}."

    def sign_with_public_key(self) -> str:
        """Return a token with an HMAC whose key is the issuer's public key."""
        head = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': KEY_ID})}.{_part(self._claims())}"
        mac = hmac.new(self._public, head.encode(), hashlib.sha256).digest()
        return f"{head}.{_base64(mac)}"

    def replace_claims(self) -> str:
        """Return a requestor's token whose claims were replaced by those of an operator."""
        head, _, signature = self.issue("requestor").split(".")
        return f"{head}.{_part(self._claims())}.{signature}"

    def _claims(self) -> dict[str, Any]:
        return jwt.decode(self.issue(), options={"verify_signature": False})


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def an_hour_ago() -> int:
    return int(time.time()) - 3600


def in_an_hour() -> int:
    return int(time.time()) + 3600
