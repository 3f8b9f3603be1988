"""BibTeX and BibLaTeX."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import Entry, Field, ImplicitComment, ParsingFailedBlock, String

from exchange.formats.bibtex_parts import Strings, join_parts
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
_TOO_LONG = f"The record is longer than {MAX_RECORD_CHARACTERS:,} characters."
# These fields are not LaTeX.
VERBATIM = {"doi", "url", "file", "pmid", "eprint"}

_BLOCK = re.compile(r"[\ufeff\s]*@\s*([A-Za-z]+)\s*[{(]")
# Outside of the entries, other text is a comment.
_ENTRY_PART = re.compile(r"[{}]|@\s*\w+\s*\(")
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
_DECODER = LatexDecodingMiddleware(allow_inplace_modification=True)
# A brace, or the word between two authors. In braces it belongs to the name of an organisation.
_AUTHOR_MARK = re.compile(r"(?<!\\)[{}]|(?<!\s)\s+and\s+", re.IGNORECASE)
_KEYWORD_ENDS = re.compile(r"[,;]")


def read_bibtex(path: Path) -> Iterator[Record | Fault]:
    """Yield the entries of the file. Abbreviations are replaced by their text. Comments are not kept."""
    strings = Strings()
    with open_text(path) as text:
        for line, block in _split_blocks(read_lines(text)):
            yield from _read_block(path.name, line, block, strings)


def _split_blocks(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each block. As for the parser, a line that starts with an @ begins the next one.

    A block has several entries if they are on one line.
    """
    start, block = 1, ""
    for number, line in lines:
        if block and _BLOCK.match(line):
            yield start, block
            start, block = number, ""
        if len(block) <= MAX_RECORD_CHARACTERS:
            block += line.lstrip("\ufeff")
    if block:
        yield start, block


def _read_block(file: str, line: int, block: str, strings: Strings) -> Iterator[Record | Fault]:
    """Yield the entries of the block, and a fault for each part that may be a damaged one. Add its strings."""
    if len(block) > MAX_RECORD_CHARACTERS:
        yield Fault(file, line, _TOO_LONG)
        return
    if damage := find_damage(block):
        yield Fault(file, line, damage)
        return
    has_failed = False
    for parsed in parse_string(block, parse_stack=[]).blocks:
        start = line + (parsed.start_line or 0)
        # A repeated key, and a field that an entry repeats, are accepted.
        content = parsed.ignore_error_block if isinstance(parsed, ParsingFailedBlock) else parsed
        if isinstance(content, Entry):
            yield _to_record(file, start, content, strings)
        elif isinstance(content, String):
            if not strings.define(content.key, content.value):
                yield Fault(file, start, _TOO_LONG)
        elif isinstance(parsed, ParsingFailedBlock):
            yield Fault(file, start, _describe(parsed))
        elif isinstance(content, ImplicitComment) and not has_failed and _ENTRY_PART.search(content.comment):
            yield Fault(file, start, "These lines belong to no entry: an entry begins with @, its type and a brace.")
        # What follows in the block is the rest of what failed.
        has_failed = content is None


def _describe(failed: ParsingFailedBlock) -> str:
    reason = collapse(str(getattr(failed.error, "abort_reason", ""))).rstrip(". ")
    if not reason or "end of file" in reason:
        reason = "a brace or a quote is not closed"
    return f"The entry is not BibTeX: {reason}."


def _to_record(file: str, line: int, entry: Entry, strings: Strings) -> Record | Fault:
    raw: list[tuple[str, str]] = []
    size = 0
    for field in entry.fields:
        value = strings.replace(str(field.value))
        size += len(value or "")
        if value is None or size > MAX_RECORD_CHARACTERS:
            return Fault(file, line, _TOO_LONG)
        raw.append((field.key, value))
    fields = [(name, join_parts(value)) for name, value in raw]
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
        raw=((entry.entry_type, entry.key), *raw),
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
        keywords=tuple(keyword for part in _KEYWORD_ENDS.split(keywords) if (keyword := part.strip())),
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
