"""PubMed XML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder  # nosec B405 - the parser below refuses entities
from xml.parsers.expat import ExpatError, ParserCreate, errors

from exchange.domain.errors import InputRejected
from exchange.formats.encodings import MAX_RECORD_CHARACTERS
from exchange.formats.record import Fault, Format, Record
from exchange.formats.values import collapse, find_date, split_pages

_CHUNK_BYTES = 1 << 16
_ARTICLES = {"PubmedArticle", "PubmedBookArticle"}


class _RefusedError(Exception):
    pass


class _ArticleParser:
    """Builds the elements of one article at a time. Nothing else of the file is kept."""

    def __init__(self) -> None:
        self.finished: list[tuple[int, Element | None]] = []
        self._builder: TreeBuilder | None = None
        self._line = self._size = 0
        self._expat = ParserCreate()
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._add_text
        self._expat.EntityDeclHandler = self._refuse_entity

    def feed(self, chunk: bytes, *, is_last: bool) -> None:
        """Parse a part of the file. Raises ExpatError and _RefusedError."""
        self._expat.Parse(chunk, is_last)

    @property
    def line(self) -> int:
        return self._expat.CurrentLineNumber

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _ARTICLES:
            self._builder, self._line, self._size = TreeBuilder(), self.line, 0
        if self._builder is not None:
            self._size += len(name) + sum(len(key) + len(value) for key, value in attributes.items())
            if self._size <= MAX_RECORD_CHARACTERS:
                self._builder.start(name, attributes)

    def _add_text(self, text: str) -> None:
        if self._builder is not None:
            self._size += len(text)
            if self._size <= MAX_RECORD_CHARACTERS:
                self._builder.data(text)

    def _end(self, name: str) -> None:
        if self._builder is None:
            return
        is_whole = self._size <= MAX_RECORD_CHARACTERS
        if is_whole:
            self._builder.end(name)
        if name in _ARTICLES:
            self.finished.append((self._line, self._builder.close() if is_whole else None))
            self._builder = None

    def _refuse_entity(self, *_declaration: Any) -> None:
        raise _RefusedError("It declares entities, which could make it arbitrarily large.")


def read_pubmed_xml(path: Path) -> Iterator[Record | Fault]:
    """Yield the records of the file. What follows an error of XML cannot be read."""
    parser = _ArticleParser()
    fault = None
    with path.open("rb") as file:
        is_last = False
        while not is_last and fault is None:
            chunk = file.read(_CHUNK_BYTES)
            is_last = not chunk
            try:
                parser.feed(chunk, is_last=is_last)
            except ExpatError as error:
                fault = Fault(
                    path.name, error.lineno, f"The rest of the file is not XML: {errors.messages[error.code]}."
                )
            except (LookupError, ValueError) as error:
                raise InputRejected(f"{path.name} names an encoding that cannot be read. Save it as UTF-8.") from error
            except _RefusedError as error:
                fault = Fault(path.name, parser.line, f"The file was refused. {error}")
            for line, article in parser.finished:
                yield _to_reading(path.name, line, article)
            parser.finished.clear()
    if fault is not None:
        yield fault


def _to_reading(file: str, line: int, article: Element | None) -> Record | Fault:
    if article is None:
        return Fault(file, line, f"The record is longer than {MAX_RECORD_CHARACTERS:,} characters.")
    return _to_record(file, line, article)


def _to_record(file: str, line: int, article: Element) -> Record:
    def first(*paths: str) -> str:
        found = (article.find(path) for path in paths)
        return next((text for element in found if element is not None and (text := _read_text(element))), "")

    def every(path: str) -> tuple[str, ...]:
        return tuple(text for element in article.iterfind(path) if (text := _read_text(element)))

    first_page, last_page = split_pages(first(".//Pagination/MedlinePgn", ".//Pagination/StartPage"))
    published = [_join_date(article.find(path)) for path in (".//JournalIssue/PubDate", ".//ArticleDate", ".//PubDate")]
    return Record(
        file=file,
        line=line,
        format=Format.PUBMED_XML,
        type="JOUR" if "Journal Article" in every(".//PublicationType") else "",
        title=first(".//ArticleTitle", ".//BookTitle"),
        abstract="\n".join(_read_section(part) for part in article.iterfind(".//Abstract/AbstractText")),
        authors=tuple(name for author in article.iterfind(".//AuthorList/Author") if (name := _read_name(author))),
        year=next((date[:4] for date in published if date), "") or first(".//PubDate/MedlineDate")[:4],
        date=next((day for date in published if (day := find_date(date))), ""),
        journal=first(".//Journal/Title", ".//Journal/ISOAbbreviation"),
        volume=first(".//JournalIssue/Volume"),
        issue=first(".//JournalIssue/Issue"),
        first_page=first_page,
        last_page=last_page or first(".//Pagination/EndPage"),
        publisher=first(".//Publisher/PublisherName"),
        issns=every(".//Journal/ISSN"),
        doi=first("./PubmedData/ArticleIdList/ArticleId[@IdType='doi']", ".//ELocationID[@EIdType='doi']"),
        pm_id=first("./MedlineCitation/PMID", "./BookDocument/PMID"),
        other_ids=tuple(("pmc", number) for number in every("./PubmedData/ArticleIdList/ArticleId[@IdType='pmc']")[:1]),
        keywords=tuple(dict.fromkeys((*every(".//KeywordList/Keyword"), *every(".//MeshHeading/DescriptorName")))),
        language=first(".//Language"),
    )


def _read_text(element: Element) -> str:
    """Return the text of an element without its markup, for example italics."""
    return collapse("".join(element.itertext()))


def _read_section(element: Element) -> str:
    label, text = element.get("Label", ""), _read_text(element)
    return f"{label}: {text}" if label else text


def _read_name(author: Element) -> str:
    last, first = (author.findtext(name, "").strip() for name in ("LastName", "ForeName"))
    return f"{last}, {first}" if last and first else last or author.findtext("CollectiveName", "").strip()


def _join_date(element: Element | None) -> str:
    if element is None:
        return ""
    return "-".join(text for name in ("Year", "Month", "Day") if (text := element.findtext(name, "").strip()))
