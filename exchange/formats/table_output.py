"""Tables that are written. The columns are known only after the last row, so the rows wait in a temporary file.

CSV and TSV are written as the original file of the same kind is, with its delimiter, quotes, line ends and encoding. If
the encoding lacks a character of an annotation, it is UTF-8.

Excel holds at most 32,767 characters in a cell of XLSX. Longer texts are cut there, but not in CSV.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from exchange.files.cells import protect_cell
from exchange.formats.detect import SUFFIXES
from exchange.formats.dialect import Dialect
from exchange.formats.from_reference import make_record
from exchange.formats.record import TABLES, Cell, Format, Record, Row, fill_missing, keep_missing
from exchange.formats.tables import COLUMNS
from exchange.formats.tags import Tag, find_label, list_tags
from exchange.formats.values import join_pages

# A header may repeat a name, so a column is a name and how many columns before have it.
Column = tuple[str, int]

_TYPE_COLUMN = COLUMNS["type"][0]
# The one that tools for screening know. ASReview writes another one with newer decisions.
_LABEL_COLUMN = "included"
_LABELS = {True: "1", False: "0", None: ""}
_SEPARATOR = "; "
# ASReview takes a space after it for a part of the keyword.
_KEYWORD_SEPARATOR = ";"


def write_table(file: BinaryIO, table: Format, rows: Iterable[Row], asreview_label: str | None) -> int:
    """Write the rows to the file, and return their number."""
    with TemporaryFile("w+", encoding="utf-8") as waiting:
        columns: dict[Column, int] = {}
        count = 0
        dialect: Dialect | None = None
        can_encode = True
        for row in rows:
            if not columns and (row.original is None or row.original.format not in TABLES):
                # ASReview takes the byte order mark for a part of the first name, so that is not one that it needs.
                columns[_TYPE_COLUMN, 0] = 0
            dialect = dialect or _find_dialect(row, table)
            cells = _make_cells(row, table, asreview_label)
            can_encode = can_encode and _can_encode(dialect, cells)
            for column in cells:
                columns.setdefault(column, len(columns))
            waiting.write(
                json.dumps([[columns[column], cell] for column, cell in cells.items()], default=_pack_date) + "\n"
            )
            count += 1
        names = [name for name, _ in columns] or [COLUMNS["title"][0]]
        filled = _fill_rows(waiting, len(names))
        if table is Format.XLSX:
            _write_xlsx(file, names, filled)
        else:
            dialect = dialect or Dialect("\t" if table is Format.TSV else ",")
            dialect = dialect if can_encode else replace(dialect, encoding="utf-8-sig")
            if asreview_label is not None and names[0] != _TYPE_COLUMN and dialect.encoding == "utf-8-sig":
                dialect = replace(dialect, encoding="utf-8")
            _write_csv(file, dialect, names, filled)
    return count


def _fill_rows(waiting: IO[str], width: int) -> Iterator[list[Cell]]:
    waiting.seek(0)
    for line in waiting:
        row: list[Cell] = [""] * width
        for number, cell in json.loads(line, object_hook=_unpack_date):
            row[number] = cell
        yield row


def _pack_date(value: datetime) -> dict[str, str]:
    return {"date": value.isoformat()}


def _unpack_date(packed: dict[str, str]) -> datetime:
    return datetime.fromisoformat(packed["date"])


def _find_dialect(row: Row, table: Format) -> Dialect | None:
    """Return how the original is written, if it is a file of the same kind: by its delimiter, or by its name."""
    original = row.original
    if original is None or table not in {original.format, SUFFIXES.get(Path(original.file).suffix.lower())}:
        return None
    return original.dialect


def _can_encode(dialect: Dialect | None, cells: Mapping[Column, Cell]) -> bool:
    """Return whether the encoding of the original has all characters of the cells and of their columns."""
    return dialect is None or all(
        dialect.can_encode(text) for (name, _), cell in cells.items() for text in (name, str(cell))
    )


def _write_csv(file: BinaryIO, dialect: Dialect, names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    text = dialect.open_text(file)
    writer = dialect.make_writer(text)
    writer.writerow([protect_cell(name) for name in names])
    writer.writerows([protect_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    text.detach()


def _write_xlsx(file: BinaryIO, names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("References")
    for row in chain([names], rows):
        sheet.append([_make_xlsx_cell(sheet, cell) for cell in row])
    workbook.save(file)


def _make_xlsx_cell(sheet: Any, value: Cell) -> Any:
    """Return a cell with the value, never as a formula."""
    if isinstance(value, datetime) and value.time() == value.min.time():
        return value.date()
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub(" ", value))
    cell.data_type = "s"
    return cell


def _make_cells(row: Row, table: Format, asreview_label: str | None) -> dict[Column, Cell]:
    """Return the cells of a row: the original ones, then what the reference adds to them."""
    added = make_record(row.reference)
    cells: dict[Column, Cell] = {}
    if row.original is not None and row.original.format in TABLES:
        names: Counter[str] = Counter()
        has_cells = table is Format.XLSX and row.original.cells
        kept = row.original.cells if has_cells else [text for _, text in row.original.raw]
        for (name, _), value in zip(row.original.raw, kept, strict=False):
            cells[name, names[name]] = value
            names[name] += 1
        added = keep_missing(added, row.original)
    elif row.original is not None:
        added = fill_missing(row.original, added)
    cells |= {(name, 0): cell for name, cell in _write_record(added) if cell}
    # An empty cell replaces what an older annotation left.
    tags = _write_tags(list_tags(row, TABLES))
    cells |= {(name, 0): cell for name, cell in tags if cell != "" or (name, 0) in cells}
    if asreview_label is not None:
        cells[_LABEL_COLUMN, 0] = _LABELS[find_label(row, asreview_label)]
    return cells


def _write_record(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the cells of a record, in columns that the reader knows."""
    for field, names in COLUMNS.items():
        if field == "pages":
            yield names[0], join_pages(record.first_page, record.last_page)
        elif field == "included":
            yield _LABEL_COLUMN, _LABELS[record.included]
        elif field == "keywords":
            yield names[0], _KEYWORD_SEPARATOR.join(record.keywords)
        elif field not in {"first_page", "last_page"}:
            value = getattr(record, field)
            yield names[0], value if isinstance(value, str) else _SEPARATOR.join(value)
    yield from ((f"Identifier {name}", identifier) for name, identifier in record.other_ids)


def _write_tags(tags: Sequence[Tag]) -> Iterator[tuple[str, Cell]]:
    """Yield three cells for each scheme and label. Several robots share them, in the same order in all three."""
    for name in dict.fromkeys(tag.name for tag in tags):
        same = [tag for tag in tags if tag.name == name]
        yield name, _SEPARATOR.join("" if tag.value is None else str(tag.value).lower() for tag in same)
        scores = ["" if tag.score is None else str(tag.score) for tag in same]
        is_number = len(same) == 1 and same[0].score is not None
        yield f"{name} score", float(scores[0]) if is_number else _SEPARATOR.join(scores)
        yield f"{name} robot", _SEPARATOR.join(tag.robot for tag in same)
