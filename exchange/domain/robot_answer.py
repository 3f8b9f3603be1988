"""The answer to a call to a robot, and which lifecycle event it is."""

from dataclasses import dataclass
from http import HTTPStatus

from exchange.domain import events
from exchange.domain.batch import Batch, Upload

_RETRY_STATUSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
# Not a refusal of the batch: the secret at the robot may be wrong or just about to be changed.
_SIGNATURE_STATUSES = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, slots=True)
class RobotAnswer:
    """The answer to a call to a robot. `http_status` is None if the robot did not answer.

    `message` is the robot's own if it answered. Otherwise it describes the failure.
    """

    http_status: int | None
    message: str
    retry_after_s: float | None = None

    @property
    def summary(self) -> str:
        """A summary for logs, without the robot's message, which may contain anything."""
        return f"http_status={self.http_status}" if self.http_status else "no answer"

    @property
    def accepted(self) -> bool:
        """Whether the robot accepted the batch (2xx)."""
        return self.http_status is not None and 200 <= self.http_status < 300  # noqa: PLR2004 - RFC 9110

    @property
    def refuses_signature(self) -> bool:
        """Whether the robot did not accept the signature of the exchange (401 or 403)."""
        return self.http_status in _SIGNATURE_STATUSES

    @property
    def retryable(self) -> bool:
        """Whether to call again: the robot did not answer, or its status is 401, 403, 408, 429 or 5xx."""
        retried = _RETRY_STATUSES | _SIGNATURE_STATUSES
        return self.http_status is None or self.http_status in retried or self.http_status >= 500  # noqa: PLR2004 - RFC 9110


def to_event(answer: RobotAnswer, batch: Batch, current_upload: Upload | None) -> events.Event:
    """Return the event for this answer. `batch` is the batch as it was when the call started."""
    if answer.accepted:
        return events.RobotAccepted()
    if answer.retryable:
        reason = f"HTTP {answer.http_status}: {answer.message}" if answer.http_status else answer.message
        if answer.refuses_signature:
            reason = f"it did not accept the exchange's signature ({reason})"
        return events.RobotUnreachable(
            batch.attempt,
            batch.calls_started,
            reason,
            answer.retry_after_s,
            current_upload,
            refused_signature=answer.refuses_signature,
        )
    return events.RobotRejected(batch.calls_started, answer.http_status or 0, answer.message, current_upload)
