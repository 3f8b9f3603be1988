"""What a call can fail with. The text of an error is for people: the sentences of the exchange, or what happened."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Self

from pydantic import ValidationError

from exchange.contract.problems import Problem


class ExchangeError(Exception):
    """A call failed."""


class Unreachable(ExchangeError):  # noqa: N818 - it is a state, as in `Conflict`
    """No answer came, or none that can be used, although the call was repeated as often as the policy says."""


class Refused(ExchangeError):  # noqa: N818 - as `Unreachable`
    """The exchange refused a call. `errors` has one sentence for each fault."""

    def __init__(self, status: int, errors: Sequence[str]) -> None:
        super().__init__(" ".join(errors))
        self.status = status
        self.errors = tuple(errors)

    @classmethod
    def from_answer(cls, status: int, content: bytes) -> Self:
        """Return the error for the body of an answer, which is a problem document unless another server sent it."""
        try:
            errors = Problem.model_validate_json(content).errors
        except ValidationError:
            errors = []
        return cls(status, errors or [f"The answer was HTTP {status}."])


class NotSignedIn(Refused):
    """The access token is missing or is not valid (401)."""


class NotFound(Refused):
    """The object does not exist, or the caller may not see it (404)."""


class Conflict(Refused):
    """The state of the object does not allow this (409)."""


_CLASSES: dict[int, type[Refused]] = {
    HTTPStatus.UNAUTHORIZED: NotSignedIn,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
}


def make_error(status: int, content: bytes) -> ExchangeError:
    """Return the error for an answer that is not a success. A fault of the server is passing trouble."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(str(Refused.from_answer(status, content)))
    return _CLASSES.get(status, Refused).from_answer(status, content)
