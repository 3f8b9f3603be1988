"""How a file of CSV or TSV is written: its delimiter, its quotes, its line ends and its encoding."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO


@dataclass(frozen=True, slots=True)
class Dialect:
    """The defaults are what Excel reads best: without a byte order mark it takes a file for Windows-1252."""

    delimiter: str
    encoding: str = "utf-8-sig"
    line_end: str = "\r\n"
    quotes_all: bool = False
    # Whether the first line names the delimiter, as in sep=;
    names_delimiter: bool = False

    def make_writer(self, file: io.TextIOBase) -> Any:
        """Return the writer of rows of the module `csv`, which has no public type."""
        return csv.writer(
            file,
            delimiter=self.delimiter,
            lineterminator=self.line_end,
            quoting=csv.QUOTE_ALL if self.quotes_all else csv.QUOTE_MINIMAL,
        )

    def open_text(self, file: BinaryIO) -> io.TextIOWrapper:
        """Return the file to write text to. Detach it at the end."""
        text = io.TextIOWrapper(file, encoding=self.encoding, newline="")
        if self.names_delimiter:
            text.write(f"sep={self.delimiter}{self.line_end}")
        return text

    def can_encode(self, text: str) -> bool:
        """Return whether the encoding has all characters of the text."""
        if self.encoding.startswith("utf") or text.isascii():
            return True
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True


def detect_dialect(line: str, cells: Sequence[str], delimiter: str, encoding: str, *, names_delimiter: bool) -> Dialect:
    """Return the dialect of a file with this header, as a line and as its cells."""
    line_end = "\r\n" if line.endswith("\r\n") else "\r" if line.endswith("\r") else "\n"
    quoted = io.StringIO(newline="")
    all_quoted = Dialect(delimiter, line_end="", quotes_all=True)
    all_quoted.make_writer(quoted).writerow(cells)
    quotes_all = line.lstrip("\ufeff").rstrip("\r\n") == quoted.getvalue()
    return Dialect(delimiter, encoding, line_end, quotes_all, names_delimiter)
