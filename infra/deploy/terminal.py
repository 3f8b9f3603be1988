"""Output to the terminal, and the question before a change."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from infra.deploy.errors import DeployError
from infra.deploy.tools import ToolError


def print_line(line: str) -> None:
    """Print a line of a step at once, so that it precedes the output of the next tool."""
    print(f"  {line}", flush=True)


@contextmanager
def step(title: str, failure: str) -> Iterator[None]:
    """Print the title of a step. A ToolError inside becomes a DeployError with the message `failure`."""
    print(f"\n{title}", flush=True)
    try:
        yield
    except ToolError as error:
        raise DeployError(failure, error.tail) from None


def confirm(question: str, *, yes: bool) -> None:
    """Ask the question, unless `yes`. Raises DeployError if the answer is no, or if there is no terminal."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise DeployError(
            f"There is no terminal to ask '{question}', so nothing was changed. Use YES=1 to confirm in advance."
        )
    try:
        answer = input(f"\n{question} [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in {"y", "yes"}:
        raise DeployError("Nothing was changed.")
