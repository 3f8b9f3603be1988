"""XLSX: the first sheet of a workbook. A formula is read as its last result."""

import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from exchange.domain.errors import InputRejected
from exchange.formats.record import Fault, Format, Record
from exchange.formats.tables import Columns

# The parser keeps the texts of all cells in memory. In the file they are compressed, by up to a thousand times.
MAX_UNPACKED_BYTES = 256 << 20


def read_xlsx(path: Path, chosen: Mapping[str, str] | None = None) -> Iterator[Record | Fault]:
    """Yield the records of the file. `chosen` has the columns of fields that are not to be guessed."""
    rows = _read_rows(path)
    header = next((cells for _, cells in rows if any(cells)), None)
    if header is None:
        raise InputRejected(f"{path.name} has no rows.")
    while header and not header[-1]:
        header.pop()
    columns = Columns(header, chosen)
    for line, cells in rows:
        if any(cells[len(header) :]):
            yield Fault(path.name, line, f"The row has {len(cells)} cells, but the header has {len(header)}.")
        elif any(cells):
            yield columns.read(cells[: len(header)], path.name, line, Format.XLSX)


def _read_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        _check_size(path)
        workbook = load_workbook(path, read_only=True, data_only=True)
        try:
            for line, row in enumerate(workbook.worksheets[0].iter_rows(values_only=True), 1):
                yield line, [_to_text(value) for value in row]
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
