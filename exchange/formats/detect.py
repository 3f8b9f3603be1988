"""The format of a file: by its content, else by the end of its name."""

import re
import zipfile
from pathlib import Path

from exchange.domain.errors import InputRejected
from exchange.formats.csv_files import DELIMITERS, find_separator
from exchange.formats.encodings import open_text
from exchange.formats.record import Format
from exchange.formats.tables import count_known

_START_BYTES = 8
_ARCHIVE_START = b"PK\x03\x04"
_START_CHARACTERS = 1 << 16

SUFFIXES = {
    ".ris": Format.RIS,
    ".bib": Format.BIBTEX,
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".xlsx": Format.XLSX,
    ".nbib": Format.NBIB,
    ".xml": Format.PUBMED_XML,
    ".jsonl": Format.JSONL,
}

# What files begin with that have no references in a form that can be read, and what to do.
_EXPORT = "Export the references as RIS, BibTeX, CSV or another format that can be read."
_REFUSED = {
    b"\x1f\x8b": "is compressed. Decompress it first.",
    b"BZh": "is compressed. Decompress it first.",
    b"\xfd7zXZ": "is compressed. Decompress it first.",
    b"%PDF": f"is a PDF file. {_EXPORT}",
    b"\xd0\xcf\x11\xe0": "is a workbook or document of an old version of Office. Save it as XLSX or CSV.",
    b"PK\x05\x06": "is an empty archive.",
    b"{\\rtf": f"is a document with formatted text. {_EXPORT}",
}

_PATTERNS = [
    (re.compile(r"^[\ufeff \t]*TY {1,2}- ", re.MULTILINE), Format.RIS),
    (re.compile(r"^\ufeff?PMID ?- ", re.MULTILINE), Format.NBIB),
    (
        re.compile(r"<!DOCTYPE PubmedArticleSet|<(PubmedArticleSet|PubmedArticle|PubmedBookArticle)\b"),
        Format.PUBMED_XML,
    ),
    (re.compile(r"^[\ufeff \t]*@\s*[A-Za-z]+\s*[{(]", re.MULTILINE), Format.BIBTEX),
]
_OPENALEX = re.compile(r'"id"\s*:\s*"https://openalex\.org/|"abstract_inverted_index"')
_HTML = re.compile(r"^<!doctype html|<html\b", re.IGNORECASE)
_CROSSREF = re.compile(r'"message-type"|"DOI"\s*:|"container-title"')
_NATIVE = re.compile(r'"(visibility|identifiers|enhancements)"\s*:')


def find_format(name: str) -> Format:
    """Return the format with this name. Raises InputRejected if there is none."""
    try:
        return Format(name)
    except ValueError as error:
        raise InputRejected(f"There is no format '{name}'. The formats are: {', '.join(Format)}.") from error


def check_file(path: Path) -> None:
    """Raise InputRejected with one sentence if the file cannot be read, or is of a kind without references."""
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
    except FileNotFoundError as error:
        raise InputRejected(f"There is no file {path}.") from error
    except OSError as error:
        raise InputRejected(f"{path} cannot be read: {error.strerror}.") from error
    if not start:
        raise InputRejected(f"{path.name} is empty.")
    for magic, reason in _REFUSED.items():
        if start.startswith(magic):
            raise InputRejected(f"{path.name} {reason}")


def detect_format(path: Path) -> Format:
    """Return the format of the file. Raises InputRejected with one sentence if it has none that can be read."""
    check_file(path)
    if _is_archive(path):
        return _detect_archive(path)
    with open_text(path) as file:
        start = file.read(_START_CHARACTERS)
    text = start.lstrip("\ufeff \t\r\n")
    if not text:
        raise InputRejected(f"{path.name} is empty.")
    if "\0" in text:
        raise InputRejected(f"{path.name} is not a text file. {_EXPORT}")
    if text.startswith(("{", "[")):
        return _detect_json(path, text)
    if _HTML.search(text[:1000]):
        raise InputRejected(f"{path.name} is a web page. {_EXPORT}")
    return _detect_text(path, text)


def _is_archive(path: Path) -> bool:
    """Return whether the file begins and ends like an archive. Any file may have what archives end with."""
    with path.open("rb") as file:
        return file.read(len(_ARCHIVE_START)) == _ARCHIVE_START and zipfile.is_zipfile(file)


def _detect_archive(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception as error:  # a damaged archive raises many other errors than BadZipFile
        raise InputRejected(f"{path.name} is a damaged archive. Save it again, or export the references.") from error
    if "xl/workbook.xml" in names:
        return Format.XLSX
    raise InputRejected(f"{path.name} is an archive or a document. Unpack it first, or export the references.")


def _detect_text(path: Path, text: str) -> Format:
    first, _, rest = text.partition("\n")
    header = rest.lstrip().partition("\n")[0] if find_separator(first) else first
    if not header.startswith(("@", "<")) and _is_header(header):
        return Format.TSV if "\t" in header else Format.CSV
    for pattern, found in _PATTERNS:
        if pattern.search(text):
            return found
    if text.startswith("<?xml"):
        raise InputRejected(f"{path.name} is XML, but not of PubMed. {_EXPORT}")
    found_suffix = SUFFIXES.get(path.suffix.lower())
    if found_suffix is None or found_suffix is Format.XLSX:
        raise InputRejected(f"The format of {path.name} was not recognised. Say which one it is.")
    return found_suffix


def _is_header(line: str) -> bool:
    """Return whether the line may be the header of a table."""
    cells = re.split(f"[{DELIMITERS}]", line.replace('"', ""))
    return count_known(cells) > 0


def _detect_json(path: Path, text: str) -> Format:
    if _OPENALEX.search(text):
        return Format.OPENALEX
    if _NATIVE.search(text):
        return Format.JSONL
    if _CROSSREF.search(text):
        return Format.CROSSREF
    if path.suffix.lower() == ".jsonl":
        return Format.JSONL
    raise InputRejected(f"{path.name} is JSON, but not of OpenAlex, Crossref or the exchange. {_EXPORT}")
