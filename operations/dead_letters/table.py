"""Dead letters as a table for the terminal."""

from collections.abc import Sequence

from operations.dead_letters.source import DeadLetter

_HEAD = ("ID", "BATCH", "SINCE (UTC)", "ATTEMPTS", "REASON")


def format_table(letters: Sequence[tuple[str, DeadLetter]]) -> str:
    """Return a table with one line for each dead letter. Each comes with its id."""
    rows = [_HEAD, *(_make_row(letter_id, letter) for letter_id, letter in letters)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _make_row(letter_id: str, letter: DeadLetter) -> tuple[str, ...]:
    since = f"{letter.since:%Y-%m-%d %H:%M:%S}" if letter.since else None
    return tuple(_to_text(cell) for cell in (letter_id, letter.batch_id, since, letter.attempts, letter.reason))


def _to_text(cell: object) -> str:
    """Replace characters that are not printable, because a terminal could interpret them."""
    return "-" if cell is None else "".join(char if char.isprintable() else "?" for char in str(cell))
