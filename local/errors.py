"""The error of the local stack."""


class StackError(Exception):
    """The stack cannot start or run. The message says why, and what to do."""
