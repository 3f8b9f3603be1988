"""Dead letters as a plain table."""

from collections.abc import Sequence

from operations.dead_letters.box import Letter

_HEAD = ("ID", "BATCH", "SINCE (UTC)", "TRIES", "REASON")


def table(letters: Sequence[tuple[str, Letter]]) -> str:
    """Show letters, each under its id, a line each."""
    rows = [_HEAD, *(_row(name, letter) for name, letter in letters)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(name: str, letter: Letter) -> tuple[str, ...]:
    since = f"{letter.since:%Y-%m-%d %H:%M:%S}" if letter.since else None
    return tuple(_plain(cell) for cell in (name, letter.batch, since, letter.tries, letter.reason))


def _plain(cell: object) -> str:
    """Return what a terminal takes for text and nothing else."""
    return "-" if cell is None else "".join(one if one.isprintable() else "?" for one in str(cell))
