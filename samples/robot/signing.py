"""The signature by which the exchange and this robot know each other: both sign their calls with the same secret."""

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
    """What the exchange gave out when this robot was registered: its id, and its secret, shown that once."""

    robot_id: UUID
    secret: str = field(repr=False)

    def headers(self, body: bytes) -> dict[str, str]:
        """Return the headers of a call with this body, to the byte; a GET has an empty one."""
        timestamp = str(time.time())
        return {
            "Authorization": f"{SCHEME} {self._signature(body, timestamp)}",
            "X-Client-Id": str(self.robot_id),
            "X-Request-Timestamp": timestamp,
        }

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Say whether a call to us is signed with our secret, and was within the last five minutes."""
        scheme, _, signature = headers.get("Authorization", "").partition(" ")
        timestamp = headers.get("X-Request-Timestamp", "")
        try:
            fresh = abs(time.time() - float(timestamp)) <= TOLERANCE_S
        except ValueError:
            return False
        right = hmac.compare_digest(self._signature(body, timestamp).encode(), signature.encode())
        return scheme == SCHEME and fresh and right

    def _signature(self, body: bytes, timestamp: str) -> str:
        message = b":".join([body, self.robot_id.bytes, timestamp.encode()])
        return hmac.new(self.secret.encode(), message, hashlib.sha256).hexdigest()
