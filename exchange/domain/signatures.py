"""The signatures by which robots and the exchange authenticate each other, and the secrets behind them."""

import hashlib
import hmac
import math
import re
from dataclasses import dataclass, field
from uuid import UUID

from exchange.domain.errors import NotAuthenticated

SCHEME = "Signature"
CLIENT_ID = "X-Client-Id"
TIMESTAMP = "X-Request-Timestamp"
TOLERANCE_S = 300.0

# Seconds since the epoch as Python prints a float: no sign, no exponent, no white space, no `nan`.
_TIMESTAMP = re.compile(r"[0-9]{1,11}(\.[0-9]{1,20})?")


@dataclass(frozen=True, slots=True)
class RobotSecrets:
    """Derives the secrets of robots from one master key, so that none is stored. A higher version is a new secret."""

    master_key: str = field(repr=False)

    def derive(self, robot_id: UUID, version: int) -> str:
        """Return the secret as 64 hex digits."""
        return hmac.new(self.master_key.encode(), f"{robot_id}:{version}".encode(), hashlib.sha256).hexdigest()

    def list_valid(self, robot_id: UUID, version: int, previous_until: float | None, now: float) -> list[str]:
        """Return the secrets that are valid now, newest first: the current one, and the previous one until its end."""
        versions = [version, version - 1] if previous_until is not None and now < previous_until else [version]
        return [self.derive(robot_id, valid) for valid in versions]


@dataclass(frozen=True, slots=True)
class SignedCall:
    """The signed parts of a request: the signature in hex, the timestamp as text, and the exact bytes of the body."""

    robot_id: UUID
    signature: str
    timestamp: str
    body: bytes


def sign(secret: str, body: bytes, robot_id: UUID, timestamp: str) -> str:
    """Return the signature in hex."""
    message = b":".join([body, robot_id.bytes, timestamp.encode()])
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def make_signed_headers(secret: str, body: bytes, robot_id: UUID, now: float) -> dict[str, str]:
    """Return the headers of a signed request."""
    timestamp = str(now)
    return {
        "Authorization": f"{SCHEME} {sign(secret, body, robot_id, timestamp)}",
        CLIENT_ID: str(robot_id),
        TIMESTAMP: timestamp,
    }


def check_timestamp(timestamp: str, now: float) -> None:
    """Raise NotAuthenticated unless the timestamp is within five minutes of now, in either direction."""
    if not _TIMESTAMP.fullmatch(timestamp) or not math.isclose(float(timestamp), now, rel_tol=0, abs_tol=TOLERANCE_S):
        raise NotAuthenticated(
            f"{TIMESTAMP} must be a number of seconds since the epoch within five minutes of the exchange's clock."
        )


def check_signature(call: SignedCall, secret: str) -> None:
    """Raise NotAuthenticated unless the request was signed with this secret. The comparison takes constant time."""
    expected = sign(secret, call.body, call.robot_id, call.timestamp)
    # A header may have bytes that are not valid text, and a replaced character is not a hex digit.
    if not hmac.compare_digest(expected.encode(), call.signature.encode("ascii", "replace")):
        raise NotAuthenticated(
            "The signature is wrong. Check the secret, and that the signed bytes are exactly the bytes of the body."
        )
