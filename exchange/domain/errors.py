"""Every error that our code raises on purpose.

    ExchangeError
    ├── InputRejected         the input is wrong: the same input is refused again
    │   ├── NotJson           the body is not JSON
    │   ├── PathMismatch      the body and the path name different objects
    │   ├── TooLarge          a limit is exceeded
    │   ├── UnsupportedMediaType  the body is compressed
    │   ├── NotAuthenticated  the caller is not identified
    │   └── Forbidden         the caller is not allowed to do this
    ├── NotFound              the batch, robot, reference or blob does not exist
    │   └── ResultMissing     a robot called back, but its result file does not exist
    ├── Conflict              the state does not allow it: too late, or the name is taken
    │   ├── UploadReplaced    the result file that was being read is no longer the current upload
    │   └── NameTaken         the name or id is in use
    └── Unavailable           a dependency is down: the same request may succeed later
        ├── WriteConflict     another process wrote first: read again, decide again
        ├── TooManyOpenBatches  the requestor has to wait until a batch ends
        └── TooManyDeliveries  the owner of a webhook has to wait before requesting another delivery

`functions/errors.py` maps each error to an HTTP status and to redelivery. Any other exception is a bug.
"""

from collections.abc import Sequence


class ExchangeError(Exception):
    """The root of the tree. `faults` holds one sentence for each fault; the message joins them."""

    def __init__(self, *faults: str) -> None:
        super().__init__(" ".join(faults))
        self.faults: Sequence[str] = faults


class InputRejected(ExchangeError):  # noqa: N818 - named for what happened, as the others
    """The input is wrong. Repeating it does not help."""


class NotJson(InputRejected):
    """The body is not JSON."""


class PathMismatch(InputRejected):
    """The body names another object than the path."""


class TooLarge(InputRejected):
    """The input exceeds a limit."""


class UnsupportedMediaType(InputRejected):
    """The body is in a form that is not accepted."""


class NotAuthenticated(InputRejected):
    """The request has no token or signature, or an invalid one."""


class Forbidden(InputRejected):
    """The caller is known, but is not allowed to do this."""


class NotFound(ExchangeError):  # noqa: N818 - named for what happened, as the others
    """The object does not exist."""


class ResultMissing(NotFound):
    """A robot called back before its result file existed."""


class Conflict(ExchangeError):  # noqa: N818 - named for what happened, as the others
    """The current state does not allow the request."""


class UploadReplaced(Conflict):
    """The upload that was being read has been replaced or deleted."""


class NameTaken(Conflict):
    """The name or id is in use."""


class Unavailable(ExchangeError):  # noqa: N818 - named for what happened, as the others
    """A dependency is down. `retry_after_s` is the wait that it asked for, if it did."""

    def __init__(self, *faults: str, retry_after_s: float | None = None) -> None:
        super().__init__(*faults)
        self.retry_after_s = retry_after_s


class WriteConflict(Unavailable):
    """A conditional write failed because another process wrote first."""


class TooManyOpenBatches(Unavailable):
    """The requestor has as many open batches as the limit allows."""


class TooManyDeliveries(Unavailable):
    """The owner of a webhook has requested as many deliveries in the last minute as the limit allows."""
