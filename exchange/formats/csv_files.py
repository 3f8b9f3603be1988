"""CSV and TSV."""

import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from exchange.domain.errors import InputRejected
from exchange.files.cells import restore_cell
from exchange.formats.dialect import detect_dialect
from exchange.formats.encodings import MAX_RECORD_CHARACTERS, find_damage, open_text, read_lines
from exchange.formats.record import Fault, Format, Record
from exchange.formats.tables import Columns, count_known

DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(f'"?sep=([{DELIMITERS}])"?', re.IGNORECASE)
_MAX_LINE_CHARACTERS = 1 << 20
# The parser refuses cells of twice this length.
_MAX_HEADER_CHARACTERS = 1 << 16


def find_separator(line: str) -> str | None:
    """Return the delimiter that the first line of a file of Excel names, as in sep=; and None if it names none."""
    found = _SEPARATOR.fullmatch(line.strip(" \r\n"))
    return found[1] if found else None


def guess_delimiter(line: str) -> str:
    """Return the delimiter that splits the header into the most columns of known names, else into the most columns."""
    line = line[:_MAX_HEADER_CHARACTERS]
    headers = {delimiter: next(csv.reader([line], delimiter=delimiter), []) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: (count_known(headers[delimiter]), len(headers[delimiter])))


class _Lines:
    """The lines of a file, which can be read again from a line of the current row.

    A row with a quote that is not closed ends when it has more cells than the header, or is too long.
    """

    def __init__(self, text: TextIO, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._cells = self._size = 0
        self.row: list[str] = []
        self.number = 0
        # The cells of the header. None until it was read.
        self.width: int | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def start_row(self) -> None:
        self.row.clear()
        self._cells = self._size = 0

    def __next__(self) -> str:
        if self.row:
            self._check_open_row()
        line = self._again.popleft() if self._again else self._text.readline(_MAX_LINE_CHARACTERS)
        if not line:
            raise StopIteration
        self.number += 1
        self.row.append(line)
        return line

    def _check_open_row(self) -> None:
        """Raise csv.Error if the row is damaged. It has a quote that the lines so far did not close."""
        # Each line after the first one begins within the quotes.
        line = self.row[0] if len(self.row) == 1 else f'"{self.row[-1]}'
        begun = len(next(csv.reader([line], delimiter=self._delimiter)))
        self._cells += begun if len(self.row) == 1 else begun - 1
        self._size += len(self.row[-1])
        if self.width is not None and self._cells > self.width:
            raise csv.Error("a quote is not closed")
        if self._size > MAX_RECORD_CHARACTERS:
            raise csv.Error(f"it is longer than {MAX_RECORD_CHARACTERS:,} characters")

    def return_to_second_line(self) -> None:
        """Read the row again without its first line, which may have an opening quote that is never closed."""
        self.number -= len(self.row) - 1
        self._again.extendleft(reversed(self.row[1:]))


def read_csv(path: Path, chosen: Mapping[str, str] | None = None) -> Iterator[Record | Fault]:
    """Yield the records of the file. `chosen` has the columns of fields that are not to be guessed."""
    with open_text(path, newline="") as text:
        first = next((line for _, line in read_lines(text) if line.strip()), "")
        separator = find_separator(first)
        delimiter = separator or guess_delimiter(first)
        text.seek(0)
        lines = _Lines(text, delimiter)
        if separator:
            next(line for line in lines if line.strip())
        rows = _read_rows(path.name, lines, delimiter)
        header = next(rows, None)
        if header is None or isinstance(header, Fault):
            raise InputRejected(f"The header of {path.name} cannot be read.")
        dialect = detect_dialect(
            "".join(lines.row), header[1], delimiter, text.encoding, names_delimiter=separator is not None
        )
        columns = Columns([restore_cell(cell.strip()) for cell in header[1]], chosen, dialect)
        table = Format.TSV if delimiter == "\t" else Format.CSV
        for row in rows:
            if isinstance(row, Fault):
                yield row
            else:
                line, cells = row
                yield columns.read([restore_cell(cell) for cell in cells], path.name, line, table)


def _read_rows(file: str, lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]] | Fault]:
    """Yield the rows with the numbers of their first lines. The first one is the header. Empty rows are skipped."""
    while True:
        lines.start_row()
        line = lines.number + 1
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
        except StopIteration:
            return
        except csv.Error as error:
            is_open = "unexpected end" in str(error) or "field limit" in str(error)
            reason = f"The row cannot be read: {'a quote is not closed' if is_open else error}."
        else:
            if not any(cells):
                continue
            width = lines.width = lines.width or len(cells)
            reason = find_damage("".join(lines.row)) or _check_width(cells, width, is_split=len(lines.row) > 1)
            if not reason:
                yield line, cells[:width]
                continue
        yield Fault(file, line, reason)
        lines.return_to_second_line()


def _check_width(cells: list[str], width: int, *, is_split: bool) -> str:
    """Return the reason why the cells do not fit the header, or the empty string.

    Spreadsheets leave out empty cells at the end of a row. But a row on several lines that is too short has
    swallowed the next ones by a quote that is not closed.
    """
    if any(cells[width:]) or (is_split and len(cells) < width):
        return f"The row has {len(cells)} cells, but the header has {width}."
    return ""
