"""Tries a robot's function on a file of references, without an exchange."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from msgspec import MsgspecError

from exchange.robots.errors import SystematicFailure, read_message
from exchange.robots.functions import Failures, Judge
from exchange.robots.reference import Needs, Reference, parse_reference


class TrialError(Exception):
    """The trial failed. The message says why."""


async def try_out(judge: Judge, needs: Needs, file: Path, output: BinaryIO) -> None:
    """Write the result lines of the references in a file, as the robot would deliver them.

    The file has one reference a line: with an id as robots receive it, or without one as contributors load it.
    """
    failures = Failures()
    window: list[Reference] = []
    try:
        for reference in _read(needs, file):
            window.append(reference)
            if len(window) == judge.size * judge.workers:
                output.write(await judge.judge(window, failures))
                window.clear()
        output.write(await judge.judge(window, failures))
    except SystematicFailure as failure:
        raise TrialError(f"The whole batch would fail: {read_message(failure)}") from None
    output.flush()


def _read(needs: Needs, file: Path) -> Iterator[Reference]:
    """Yield the references with the types that the robot depends on."""
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _parse(needs, line, f"{file}:{number}")
    except OSError as error:
        raise TrialError(f"{file} cannot be read: {error.strerror}") from None


def _parse(needs: Needs, line: bytes, place: str) -> Reference:
    try:
        selected = needs.select(parse_reference(line).raw)
    except (MsgspecError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise TrialError(f"{place}: not a reference: {type(error).__name__}: {error}") from None
    return Reference({"id": str(uuid4()), **selected})
