"""BibTeX and BibLaTeX."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import LatexDecodingMiddleware, RemoveEnclosingMiddleware
from bibtexparser.model import Block, DuplicateFieldKeyBlock, Entry, Field, ParsingFailedBlock

from exchange.formats.encodings import MAX_RECORD_CHARACTERS, find_damage, open_text, read_lines
from exchange.formats.record import Fault, Format, Record
from exchange.formats.values import collapse, find_date, find_year, sort_links, split_issns, split_pages

# Faults are reported as such. Without a handler, the parser's warnings would go to the terminal too.
logging.getLogger("bibtexparser").addHandler(logging.NullHandler())

TYPES = {
    "article": "JOUR",
    "book": "BOOK",
    "inbook": "CHAP",
    "incollection": "CHAP",
    "inproceedings": "CONF",
    "conference": "CONF",
    "techreport": "RPRT",
    "report": "RPRT",
    "phdthesis": "THES",
    "mastersthesis": "THES",
    "thesis": "THES",
    "dataset": "DATA",
    "online": "ELEC",
    "unpublished": "UNPB",
    "misc": "GEN",
}
# These fields are not LaTeX.
VERBATIM = {"doi", "url", "file", "pmid", "eprint"}

_BLOCK = re.compile(r"[\ufeff\s]*@\s*([A-Za-z]+)\s*[{(]")
_STRING_NAME = re.compile(r"[{(]\s*([^\s=]+)\s*=")
# It begins a comment in LaTeX, but in titles it is a percent sign that was not escaped.
_BARE_PERCENT = re.compile(r"(?<!\\)%")
# The decoder would drop these commands, which Zotero writes, for example, for "p < 0.05".
_UNKNOWN = {
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textbraceleft": r"\{",
    "textbraceright": r"\}",
    "textunderscore": r"\_",
    "textpercent": r"\%",
}
_UNKNOWN_COMMAND = re.compile(rf"\\({'|'.join(_UNKNOWN)})(?![A-Za-z])(\{{\}})?")
_UNWRAPPER = RemoveEnclosingMiddleware(allow_inplace_modification=True)
_DECODER = LatexDecodingMiddleware(allow_inplace_modification=True)
# A brace, or the word between two authors. In braces it belongs to the name of an organisation.
_AUTHOR_MARK = re.compile(r"(?<!\\)[{}]|\s+and\s+", re.IGNORECASE)
_KEYWORD_ENDS = re.compile(r"\s*[,;]\s*")


def read_bibtex(path: Path) -> Iterator[Record | Fault]:
    """Yield the entries of the file. Abbreviations are replaced by their text. Comments are not kept."""
    strings: dict[str, str] = {}
    with open_text(path) as text:
        for line, kind, block in _split_blocks(read_lines(text)):
            if kind == "string" and (found := _STRING_NAME.search(block)):
                strings[found[1].lower()] = block
            elif kind not in {"string", "comment", "preamble"}:
                yield _read_block(path.name, line, block, strings)


def _split_blocks(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the type and the text of each block. As for the parser, a line with an @ begins the next one."""
    start, kind, block = 0, "", ""
    for number, line in lines:
        if found := _BLOCK.match(line):
            if kind:
                yield start, kind, block
            start, kind, block = number, found[1].lower(), ""
        if len(block) <= MAX_RECORD_CHARACTERS:
            block += line.lstrip("\ufeff")
    if kind:
        yield start, kind, block


def _read_block(file: str, line: int, block: str, strings: dict[str, str]) -> Record | Fault:
    if len(block) > MAX_RECORD_CHARACTERS:
        return Fault(file, line, f"The record is longer than {MAX_RECORD_CHARACTERS:,} characters.")
    if damage := find_damage(block):
        return Fault(file, line, damage)
    lowered = block.lower() if strings else ""
    used = "".join(text for name, text in strings.items() if name in lowered)
    blocks = parse_string(used + block).blocks
    entry = next((entry for parsed in blocks if (entry := _find_entry(parsed)) is not None), None)
    if entry is None:
        failed = next((parsed.error for parsed in blocks if isinstance(parsed, ParsingFailedBlock)), None)
        reason = collapse(str(getattr(failed, "abort_reason", ""))).rstrip(". ")
        if not reason or "end of file" in reason:
            reason = "a brace or a quote is not closed"
        return Fault(file, line, f"The entry is not BibTeX: {reason}.")
    return _to_record(file, line, entry)


def _find_entry(block: Block) -> Entry | None:
    """Return the entry of a block. An entry that repeats a field is accepted."""
    if isinstance(block, DuplicateFieldKeyBlock) and isinstance(block.ignore_error_block, Entry):
        return _UNWRAPPER.transform_entry(block.ignore_error_block, Library())
    return block if isinstance(block, Entry) else None


def _to_record(file: str, line: int, entry: Entry) -> Record:
    fields = [(field.key, str(field.value)) for field in entry.fields]
    values: dict[str, str] = {}
    for name, value in fields:
        values.setdefault(name.lower(), value if name.lower() in VERBATIM else _decode_text(value))

    def first(*names: str) -> str:
        return next((collapse(values[name]) for name in names if values.get(name)), "")

    authors = next((value for name, value in fields if name.lower() == "author"), "")
    keywords = f"{first('keywords')},{first('keyword')}"
    links = sort_links(tuple(first("url").split()))
    first_page, last_page = split_pages(first("pages"))
    date = first("date")
    return Record(
        file=file,
        line=line,
        format=Format.BIBTEX,
        raw=((entry.entry_type, entry.key), *fields),
        type=TYPES.get(entry.entry_type, "GEN"),
        title=first("title"),
        abstract=values.get("abstract", "").strip(),
        authors=tuple(collapse(_decode_text(name)) for name in _split_authors(authors)),
        year=find_year(first("year") or date),
        date=find_date(date) or find_date(" ".join((first("year"), first("month"), first("day")))),
        journal=first("journal", "journaltitle", "booktitle"),
        volume=first("volume"),
        issue=first("number", "issue"),
        first_page=first_page,
        last_page=last_page,
        publisher=first("publisher", "institution", "school"),
        issns=split_issns(first("issn")),
        doi=first("doi").replace("\\_", "_") or links.doi,
        pm_id=first("pmid") or (first("eprint") if first("eprinttype").lower() in {"pmid", "pubmed"} else links.pm_id),
        open_alex=first("openalex") or links.open_alex,
        keywords=tuple(keyword for keyword in _KEYWORD_ENDS.split(keywords) if keyword),
        urls=links.urls,
        language=first("language", "langid"),
        notes=tuple(values[name].strip() for name in ("note", "annote", "annotation") if values.get(name)),
    )


def _decode_text(value: str) -> str:
    """Return the value as text. Decoding is slow, and most values need none."""
    if not any(character in value for character in "\\{}$~") and "--" not in value and "``" not in value:
        return value
    known = _UNKNOWN_COMMAND.sub(lambda found: _UNKNOWN[found[1]], _BARE_PERCENT.sub(r"\\%", value))
    entry = Entry("misc", "", [Field("value", known)])
    decoded = _DECODER.transform_entry(entry, Library())
    return str(decoded.fields[0].value) if isinstance(decoded, Entry) else value


def _split_authors(value: str) -> Iterator[str]:
    depth = start = 0
    for found in _AUTHOR_MARK.finditer(value):
        if found[0] in "{}":
            depth += 1 if found[0] == "{" else -1
        elif depth == 0:
            yield value[start : found.start()]
            start = found.end()
    if value:
        yield value[start:]
