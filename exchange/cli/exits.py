"""The exit codes of the command, and the error that ends it."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    """The exchange refused the command, or could not be reached."""
    USAGE = 2
    """The command line is wrong."""
    ENDED_WITH_FAILURES = 3
    """A batch request did not complete, a file has lines or records that were not used, or a dead letter stays."""
    NOT_SIGNED_IN = 4
    """There is no profile, or its sign-in is not valid any more."""
    INTERRUPTED = 130
    """Ctrl-C ended the command. A batch request goes on."""


class CommandError(Exception):
    """The command cannot go on. The text is for people, in whole sentences."""

    def __init__(self, text: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(text)
        self.code = code
