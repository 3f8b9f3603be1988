"""What keeps the stack from running, as a sentence for a person."""


class StackError(Exception):
    """The stack can't run; the message says why and what to do about it."""
