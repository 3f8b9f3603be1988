"""A references file in the bodies in which it is loaded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exchange.client.errors import Unreachable
from exchange.contract.references import LoadedLine

# Far below the limit of the exchange, so that each answer comes soon and progress can be shown.
_MAX_BYTES = 1 << 20
_MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Body:
    """Some lines of a file. `numbers` are their numbers in the file, counted from 1."""

    content: bytes
    numbers: Sequence[int]

    def renumber(self, answers: Sequence[LoadedLine]) -> Iterator[LoadedLine]:
        """Yield the answers with the numbers of the lines in the file. Raises Unreachable if one is missing."""
        if [answer.line for answer in answers] != list(range(1, len(self.numbers) + 1)):
            raise Unreachable("The exchange did not answer each of the loaded lines.")
        for answer, number in zip(answers, self.numbers, strict=True):
            yield answer.model_copy(update={"line": number})


def split_lines(lines: Iterable[bytes]) -> Iterator[Body]:
    """Yield bodies of lines. Blank lines are left out, but count for the numbers. A long line is a body of its own."""
    chosen: list[bytes] = []
    numbers: list[int] = []
    size = 0
    for number, given in enumerate(lines, 1):
        line = given.rstrip(b"\r\n")
        if not line.strip():
            continue
        if chosen and (size + len(line) >= _MAX_BYTES or len(chosen) == _MAX_LINES):
            yield Body(b"\n".join(chosen), numbers)
            chosen, numbers, size = [], [], 0
        chosen.append(line)
        numbers.append(number)
        size += len(line) + 1
    if chosen:
        yield Body(b"\n".join(chosen), numbers)


def keep_error(bodies: Iterable[Body]) -> Iterator[Body | Exception]:
    """Yield the bodies, and at the end the error that the lines raised, so that the caller can finish before it."""
    try:
        yield from bodies
    except Exception as error:  # noqa: BLE001 - the caller raises it
        yield error
