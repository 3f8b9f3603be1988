"""What a person sees and is asked."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from infra.deploy.problem import DeployError
from infra.deploy.tools import ToolError


def say(line: str) -> None:
    """Print a line, before whatever the next tool prints."""
    print(f"  {line}", flush=True)


@contextmanager
def step(title: str, failed: str) -> Iterator[None]:
    """Announce a step; a tool that fails in it becomes a DeployError with the sentence `failed`."""
    print(f"\n{title}", flush=True)
    try:
        yield
    except ToolError as error:
        raise DeployError(failed, error.tail) from None


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the person agrees, here or beforehand; raises DeployError if not, or if nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise DeployError(f"'{question}' can't be asked without a terminal, so nothing was done: say YES=1 to agree.")
    try:
        answer = input(f"\n{question} [y/N] ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in {"y", "yes"}:
        raise DeployError("Nothing was done.")
