"""What a call to a robot gave, and which of its answers may be tried again."""

from dataclasses import dataclass
from http import HTTPStatus

from functions.domain import events
from functions.domain.batch import Batch, Upload

_TRY_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class RobotAnswer:
    """What a call to a robot gave. `http_status` is None if there was no answer at all.

    `words` are the robot's own if it answered, else what kept its answer from us.
    """

    http_status: int | None
    words: str
    retry_after_s: float | None = None

    @property
    def outcome(self) -> str:
        """Say what came of the call, without the robot's words: they may be anything."""
        return f"it answered {self.http_status}" if self.http_status else "it could not be reached"

    @property
    def took(self) -> bool:
        """Whether the robot took the batch."""
        return self.http_status is not None and 200 <= self.http_status < 300  # noqa: PLR2004 - RFC 9110

    @property
    def out_of_reach(self) -> bool:
        """Whether the call may be made again: no answer, or one that blames the moment and not the call."""
        return self.http_status is None or self.http_status in _TRY_AGAIN or self.http_status >= 500  # noqa: PLR2004 - RFC 9110


def event_of(answer: RobotAnswer, batch: Batch, standing: Upload | None) -> events.Event:
    """Give the event that this answer is for the batch, as it was when the call began."""
    if answer.took:
        return events.RobotTook()
    if answer.out_of_reach:
        reason = f"HTTP {answer.http_status}: {answer.words}" if answer.http_status else answer.words
        return events.RobotOutOfReach(batch.attempt, batch.calls_begun, reason, answer.retry_after_s, standing)
    return events.RobotRefused(batch.calls_begun, answer.http_status or 0, answer.words, standing)
