"""The error that ends the demo."""


class DemoError(Exception):
    """The demo failed. The message says what was not as expected."""
