"""XLSX: the first sheet of a workbook. A formula is read as its last result."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from exchange.domain.errors import InputRejected
from exchange.formats.record import Cell, Fault, Format, Record
from exchange.formats.tables import Columns

# The parser keeps the texts of all cells in memory. In the file they are compressed, by up to a thousand times.
MAX_UNPACKED_BYTES = 256 << 20
# What a sheet can have. The parser adds the rows that the file leaves out, up to any number.
MAX_ROWS = 1 << 20


def read_xlsx(path: Path, chosen: Mapping[str, str] | None = None) -> Iterator[Record | Fault]:
    """Yield the records of the file. `chosen` has the columns of fields that are not to be guessed."""
    rows = _read_rows(path)
    header = next((cells for _, row in rows if any(cells := list(map(_to_text, row)))), None)
    if header is None:
        raise InputRejected(f"{path.name} has no rows.")
    while not header[-1]:
        header.pop()
    columns, width = Columns(header, chosen), len(header)
    for line, row in rows:
        cells = [_to_text(value) for value in row[:width]]
        # A row may have thousands of empty cells, so only the others are converted.
        if any(_to_text(value) for value in row[width:] if value is not None):
            yield Fault(path.name, line, f"The row has {len(row)} cells, but the header has {width}.")
        elif any(cells):
            record = columns.read(cells, path.name, line, Format.XLSX)
            yield replace(record, cells=tuple(map(_keep_value, row[:width], cells)))


def _read_rows(path: Path) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the rows, each as wide as its last cell. A single cell far away must not make all rows as wide."""
    try:
        _check_size(path)
        workbook = load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = workbook.worksheets[0]
            sheet.reset_dimensions()
            for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
                if line > MAX_ROWS:
                    raise InputRejected(f"{path.name} has more than {MAX_ROWS:,} rows. Save it as CSV.")
                yield line, row
        finally:
            workbook.close()
    except InputRejected:
        raise
    except Exception as error:  # a damaged workbook raises many other errors than those of openpyxl
        raise InputRejected(f"{path.name} is not a readable XLSX file. Save it again, or as CSV.") from error


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_UNPACKED_BYTES:
        raise InputRejected(f"{path.name} is larger than {MAX_UNPACKED_BYTES >> 20} MiB unpacked. Save it as CSV.")


def _keep_value(value: Any, text: str) -> Cell:
    """Return the value of a cell, or its text if the writer has no cell for such a value."""
    if isinstance(value, float) and not isfinite(value):
        return text
    return value if isinstance(value, str | int | float | datetime) else text


def _to_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == value.min.time():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case _:
            return str(value).strip()
