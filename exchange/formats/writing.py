"""Writing reference files."""

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from exchange.contract.base import to_jsonl
from exchange.domain.errors import InputRejected
from exchange.files.replacing import replacing
from exchange.formats.bibtex_output import format_bibtex
from exchange.formats.detect import SUFFIXES, find_format
from exchange.formats.native import make_file_input
from exchange.formats.record import TABLES, Format, Row
from exchange.formats.ris_output import format_ris
from exchange.formats.table_output import write_table

WRITABLE = (Format.RIS, Format.BIBTEX, Format.CSV, Format.TSV, Format.XLSX, Format.JSONL)


def write_references(
    path: Path | str,
    format: Format | str,  # noqa: A002 - the name of the option
    rows: Iterable[Row],
    *,
    asreview_label: str | None = None,
) -> int:
    """Write the references to the file, and return their number. With `auto`, the suffix of the file is its format.

    `asreview_label` is the annotation, as `scheme:label`, that ASReview is to take for its label.

    The file appears or changes only when all of it is written. Raises InputRejected if it cannot be written.
    """
    path = Path(path)
    chosen = SUFFIXES.get(path.suffix.lower()) if format == "auto" else find_format(format)
    if chosen not in WRITABLE:
        names = ", ".join(WRITABLE)
        raise InputRejected(f"{path.name} cannot be written in this format. The formats are: {names}.")
    try:
        with replacing(path) as file:
            return _write(file, chosen, rows, asreview_label)
    except OSError as error:
        raise InputRejected(f"{path} cannot be written: {error.strerror}.") from error


def _write(file: BinaryIO, chosen: Format, rows: Iterable[Row], asreview_label: str | None) -> int:
    if chosen in TABLES:
        return write_table(file, chosen, rows, asreview_label)
    count = 0
    for count, row in enumerate(rows, 1):
        file.write(_format(chosen, row, count, asreview_label))
    return count


def _format(chosen: Format, row: Row, number: int, asreview_label: str | None) -> bytes:
    if chosen is Format.RIS:
        return format_ris(row, asreview_label).encode()
    if chosen is Format.BIBTEX:
        return format_bibtex(row, number).encode()
    return to_jsonl(make_file_input(row.reference))
