"""Signatures. The exchange and the robot sign their calls to each other with the same secret."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

SCHEME = "Signature"
TOLERANCE_S = 300


@dataclass(frozen=True)
class Credentials:
    """The robot's id and secret, from the answer to its registration. The exchange returns the secret only once."""

    robot_id: UUID
    secret: str = field(repr=False)

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the headers that sign a call with exactly this body. The body of a GET is empty."""
        timestamp = str(time.time())
        return {
            "Authorization": f"{SCHEME} {self._sign(body, timestamp)}",
            "X-Client-Id": str(self.robot_id),
            "X-Request-Timestamp": timestamp,
        }

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Return whether a call to the robot has a valid signature that is at most five minutes old."""
        scheme, _, signature = headers.get("Authorization", "").partition(" ")
        timestamp = headers.get("X-Request-Timestamp", "")
        try:
            fresh = abs(time.time() - float(timestamp)) <= TOLERANCE_S
        except ValueError:
            return False
        # A header may have bytes that are not valid text.
        valid = hmac.compare_digest(self._sign(body, timestamp).encode(), signature.encode("ascii", "replace"))
        return scheme == SCHEME and fresh and valid

    def _sign(self, body: bytes, timestamp: str) -> str:
        message = b":".join([body, self.robot_id.bytes, timestamp.encode()])
        return hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()
