"""What goes wrong in a robot: what its author raises, and what the kit raises itself."""


class CannotJudge(Exception):  # noqa: N818 - authors read it as a sentence
    """Raised or returned by an author's function that has no enhancement for a reference. The message is the reason."""


class SystematicFailure(Exception):  # noqa: N818 - as CannotJudge
    """Raised by an author's function to fail the whole batch, for example because the model cannot be loaded."""


class InvalidResultError(Exception):
    """What an author's function returned is not a valid result. It becomes an error of the reference."""


class RefusedError(Exception):
    """The exchange or its storage refused a request permanently. The message has no URL, because URLs are signed."""


class AttemptFailedError(Exception):
    """One attempt at a request failed, and may be repeated. The message has no URL, because URLs are signed."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ServeError(Exception):
    """The robot cannot serve or fetch. The message says why and what to do."""


class LeaseLostError(Exception):
    """The lease of a job has expired, or its batch has ended. The job is no longer this robot's."""


class BatchEndedError(Exception):
    """The batch has ended without the robot, for example because its requestor cancelled it."""


class SnapshotChangedError(Exception):
    """The references are another snapshot than the one that the robot has begun to work on."""


def read_message(error: BaseException) -> str:
    """Return the text of an exception of the author's function, whose own `__str__` may fail."""
    try:
        return str(error)
    except Exception as failure:  # noqa: BLE001 - as in any code of the author
        return f"(its text cannot be read: {type(failure).__name__})"
