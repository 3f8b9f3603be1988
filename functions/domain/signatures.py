"""The signatures by which robots and the exchange know each other, and the secrets that they are made with."""

import hashlib
import hmac
import math
import re
from dataclasses import dataclass, field
from uuid import UUID

from functions.domain.errors import NotAuthenticated

SCHEME = "Signature"
CLIENT_ID = "X-Client-Id"
TIMESTAMP = "X-Request-Timestamp"
TOLERANCE_S = 300.0

# Seconds since the epoch as Python prints a float: no sign, no exponent, no blanks, no `nan`.
_TIMESTAMP = re.compile(r"[0-9]{1,11}(\.[0-9]{1,20})?")


@dataclass(frozen=True, slots=True)
class RobotSecrets:
    """Derives robots' secrets from one master key, so that none is stored. Another version is another secret."""

    master_key: str = field(repr=False)

    def of(self, robot_id: UUID, version: int) -> str:
        """Return the secret, as 64 hex digits."""
        return hmac.new(self.master_key.encode(), f"{robot_id}:{version}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedCall:
    """What a call shows: its signature in hex, the time as the text that was signed, and its body to the byte."""

    robot_id: UUID
    signature: str
    timestamp: str
    body: bytes


def sign(secret: str, body: bytes, robot_id: UUID, timestamp: str) -> str:
    """Return the signature in hex."""
    message = b":".join([body, robot_id.bytes, timestamp.encode()])
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed_headers(secret: str, body: bytes, robot_id: UUID, now: float) -> dict[str, str]:
    """Return the headers that make a call a signed one."""
    timestamp = str(now)
    return {
        "Authorization": f"{SCHEME} {sign(secret, body, robot_id, timestamp)}",
        CLIENT_ID: str(robot_id),
        TIMESTAMP: timestamp,
    }


def check_timestamp(timestamp: str, now: float) -> None:
    """Raise NotAuthenticated unless the call was signed within five minutes of now, in either direction."""
    if not _TIMESTAMP.fullmatch(timestamp) or not math.isclose(float(timestamp), now, rel_tol=0, abs_tol=TOLERANCE_S):
        raise NotAuthenticated(f"{TIMESTAMP}: this is not within five minutes of the exchange's clock.")


def check_signature(call: SignedCall, secret: str) -> None:
    """Raise NotAuthenticated unless the call was signed with this secret. It takes as long whatever is wrong."""
    expected = sign(secret, call.body, call.robot_id, call.timestamp)
    if not hmac.compare_digest(expected.encode(), call.signature.encode()):
        raise NotAuthenticated(
            "The signature does not fit: check the secret, and that the body is signed as it is sent."
        )
