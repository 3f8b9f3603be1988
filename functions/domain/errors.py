"""Everything that our code raises on purpose.

    ExchangeError
    ├── InputRejected         wrong for good: sent again as it is, it is refused again
    │   ├── NotJson           the body is not JSON at all
    │   ├── TooLarge          more than a limit allows
    │   ├── NotAuthenticated  it does not show who calls
    │   └── Forbidden         whoever calls may not do this
    ├── NotFound              no such batch, robot, reference or blob
    │   └── ResultMissing     a robot says that its result is there, and it is not
    ├── AlreadyDone           came too late: the state of things has moved past it
    │   ├── UploadReplaced    the result file that was being read no longer stands
    │   └── NameTaken         something else already goes by that name
    └── Unavailable           a dependency is down for now: the same again, later, may well succeed
        ├── Stale             somebody else wrote first: load again, decide again
        └── TooManyOpen       a requestor has to wait for batches of theirs to end

What each becomes at the border is one table, in `functions/triggers/outcomes.py`. Anything else is a bug.
"""

from collections.abc import Sequence


class ExchangeError(Exception):
    """The root of the tree. `faults` has one sentence each; the message is all of them."""

    def __init__(self, *faults: str) -> None:
        super().__init__(" ".join(faults))
        self.faults: Sequence[str] = faults


class InputRejected(ExchangeError):  # noqa: N818 - named for what happened, as its kin
    """What was sent is wrong for good."""


class NotJson(InputRejected):
    """What was sent is not JSON."""


class TooLarge(InputRejected):
    """What was sent is more than a limit allows."""


class NotAuthenticated(InputRejected):
    """It is not shown who calls: no token or signature, or one that does not hold."""


class Forbidden(InputRejected):
    """Whoever calls is known, and may not do this."""


class NotFound(ExchangeError):  # noqa: N818 - named for what happened, as its kin
    """What was asked for does not exist."""


class ResultMissing(NotFound):
    """A robot called back before its result file was there."""


class AlreadyDone(ExchangeError):  # noqa: N818 - named for what happened, as its kin
    """What was asked for came too late."""


class UploadReplaced(AlreadyDone):
    """The upload that was being read has been replaced or removed."""


class NameTaken(AlreadyDone):
    """The name or id is in use."""


class Unavailable(ExchangeError):  # noqa: N818 - named for what happened, as its kin
    """A dependency is down for now. `retry_after_s` is what it asked for, where it did."""

    def __init__(self, *faults: str, retry_after_s: float | None = None) -> None:
        super().__init__(*faults)
        self.retry_after_s = retry_after_s


class Stale(Unavailable):
    """A conditional write lost against another one."""


class TooManyOpen(Unavailable):
    """A requestor has as many open batches as a limit allows."""
