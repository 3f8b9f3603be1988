"""The error that ends a command."""


class DeployError(Exception):
    """A command cannot continue. The message states the reason and what to do, `tail` is the tool's last output."""

    def __init__(self, message: str, tail: str = "") -> None:
        super().__init__(message)
        self.tail = tail
