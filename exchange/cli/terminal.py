"""What a command prints: data on standard output, messages on standard error."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

# Texts of robots and references could move the cursor or change colours.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

# The length of an id. One that is broken into lines cannot be copied.
_UNBROKEN = 36
# Spaces between the columns of a table.
_GAP = 3


def clean(text: str) -> str:
    """Return the text without characters that control a terminal. Tabs and line feeds stay."""
    return _CONTROL.sub(" ", text)


class Terminal:
    """Prints tables and messages, or JSON if that was asked for. Colours and progress need a terminal."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def show(
        self, models: BaseModel | Iterable[BaseModel], columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Print the models as JSON, or the rows as a table."""
        if self.as_json:
            self.write_json(models)
        else:
            self.write_table(columns, rows)

    def write_json(self, value: Any) -> None:
        """Print models, or other JSON, as one document."""
        text = json.dumps(_to_json(value), indent=2, ensure_ascii=False)
        print(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text))

    def write_table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print a table. Without a terminal its cells are separated by tabs. Without names, it has no heading."""
        texts = [[_to_text(value) for value in row] for row in rows]
        if sys.stdout.isatty():
            _draw(columns, texts)
            return
        for row in [columns, *texts] if any(columns) else texts:
            print("\t".join(" ".join(cell.split()) for cell in row))

    def say(self, text: str) -> None:
        """Print a message."""
        print(clean(text), file=sys.stderr)

    def suggest(self, command: str) -> None:
        """Print what to type next, to people only."""
        if not self.as_json and sys.stderr.isatty():
            print(f"\nNext: {command}", file=sys.stderr)


def _to_text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else clean(str(value))


def _draw(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # It takes a tenth of a second to import, and only people see its tables.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    widths = [_find_min_width([column, *(row[number] for row in rows)]) for number, column in enumerate(columns)]
    if sum(widths) + _GAP * (len(widths) - 1) > console.width:
        _draw_rows(columns, rows)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    for number, (column, width) in enumerate(zip(columns, widths, strict=True)):
        is_whole = all(len(row[number]) <= width for row in rows)
        table.add_column(column, overflow="fold", no_wrap=is_whole, min_width=width)
    for row in rows:
        # Texts of robots and references are not markup.
        table.add_row(*map(Text, row))
    console.print(table)


def _find_min_width(cells: Sequence[str]) -> int:
    """Return the width in which no id, number or word of the cells is broken. Longer words may be broken."""
    return max(min(len(word), _UNBROKEN) for cell in cells for word in [*cell.split(), ""])


def _draw_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print one line for each cell, because a table would be wider than the terminal and lose digits."""
    width = max(map(len, columns))
    for row in rows:
        print()
        for column, cell in zip(columns, row, strict=True):
            if cell:
                print(f"{column:<{width}}  {cell}")


def _to_json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, Iterable) and not isinstance(value, str | dict):
        return [_to_json(item) for item in value]
    return value
