"""Reading reference files of any format."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from exchange.contract.enhancements import Visibility
from exchange.formats.bibtex import read_bibtex
from exchange.formats.crossref import read_crossref
from exchange.formats.csv_files import read_csv
from exchange.formats.detect import check_file, detect_format, find_format
from exchange.formats.native import read_native
from exchange.formats.nbib import read_nbib
from exchange.formats.openalex import read_openalex
from exchange.formats.pubmed_xml import read_pubmed_xml
from exchange.formats.record import TABLES, Fault, Format, Reading, Record
from exchange.formats.ris import read_ris
from exchange.formats.tables import Columns
from exchange.formats.to_reference import make_reading
from exchange.formats.xlsx_files import read_xlsx

_IGNORED = "These columns are not used: {}. To use one, name it for a field: --map.title COLUMN."

_PARSERS: dict[Format, Callable[[Path], Iterator[Record | Fault]]] = {
    Format.RIS: read_ris,
    Format.BIBTEX: read_bibtex,
    Format.NBIB: read_nbib,
    Format.PUBMED_XML: read_pubmed_xml,
    Format.OPENALEX: read_openalex,
    Format.CROSSREF: read_crossref,
}


def read_references(
    path: Path | str,
    format: Format | str = "auto",  # noqa: A002 - the name of the option
    columns: Mapping[str, str] | None = None,
    *,
    source: str | None = None,
    visibility: Visibility = Visibility.PUBLIC,
) -> Iterator[Reading | Fault]:
    """Yield each record of the file with its reference, or why it cannot be read.

    `columns` has the columns of a table that are not to be guessed, by the names of `FIELDS`. `source` is the source of
    the enhancements: by default the name of the file without its suffix.

    Raises InputRejected if the file as a whole cannot be read: at once, or with the first record.
    """
    path = Path(path)
    if format == "auto":
        chosen = detect_format(path)
    else:
        check_file(path)
        chosen = find_format(format)
    if chosen is Format.JSONL:
        return read_native(path)
    if chosen in TABLES:
        records = read_xlsx(path, columns) if chosen is Format.XLSX else read_csv(path, columns)
        return _warn_of_ignored(_add_references(records, source or path.stem, visibility), columns)
    return _add_references(_PARSERS[chosen](path), source or path.stem, visibility)


def _warn_of_ignored(
    readings: Iterator[Reading | Fault], chosen: Mapping[str, str] | None
) -> Iterator[Reading | Fault]:
    """Add a warning to the first record of a table if some columns hold no field."""
    for reading in readings:
        if isinstance(reading, Fault):
            yield reading
            continue
        ignored = Columns([name for name, _ in reading.record.raw], chosen).list_ignored()
        warnings = [_IGNORED.format(", ".join(ignored))] if ignored else []
        yield replace(reading, warnings=(*warnings, *reading.warnings))
        break
    yield from readings


def _add_references(
    records: Iterator[Record | Fault], source: str, visibility: Visibility
) -> Iterator[Reading | Fault]:
    for record in records:
        yield record if isinstance(record, Fault) else make_reading(record, source, visibility)
