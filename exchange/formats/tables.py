"""Tables: which column holds what, and the rows of CSV, TSV and XLSX alike."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from exchange.domain.errors import InputRejected
from exchange.formats.dialect import Dialect
from exchange.formats.record import Format, Record
from exchange.formats.ris import TYPES
from exchange.formats.values import collapse, find_date, find_year, sort_links, split_issns, split_list, split_pages

# The names of columns for each field, without case, accents and punctuation. The first one that a table has is used,
# and the next one where its cell is empty. The writer uses the first name of each. The fields that are needed most have
# names in German, French, Spanish and Portuguese, too.
COLUMNS: dict[str, tuple[str, ...]] = {
    "type": ("Type", "Publication Type", "Item Type", "Reference Type", "Document Type", "Type of reference"),
    "title": (
        "Title", "Article Title", "Primary Title", "Document Title", "First Title", "TI",
        "Titel", "Artikeltitel", "Titel des Artikels",
        "Titre", "Titre de l'article",
        "Título", "Título del artículo", "Título do artigo",
    ),
    "authors": (
        "Authors", "Author", "Author Names", "Author Full Names", "Author(s)", "First Authors", "AU",
        "Autoren", "Autor", "Autor(en)", "Autor:innen", "Verfasser", "Verfasser:innen",
        "Auteurs", "Auteur", "Auteur(s)", "Auteur.e.s", "Autores", "Autor(es)", "Autoría", "Autoria",
    ),
    "year": (
        "Year", "Publication Year", "Year of publication", "PY", "Publication_Year",
        "Jahr", "Erscheinungsjahr", "Publikationsjahr", "Veröffentlichungsjahr",
        "Année", "Année de publication", "Año", "Año de publicación", "Ano", "Ano de publicação",
    ),
    "date": ("Date", "Publication Date", "Date of publication"),
    "journal": (
        "Journal", "Publication Title", "Source Title", "Journal Title", "Journal/Book", "Journal Name",
        "Container Title", "Secondary Title", "Source", "SO",
        "Zeitschrift", "Fachzeitschrift", "Zeitschriftentitel", "Titel der Zeitschrift",
        "Revue", "Titre de la revue", "Titre du périodique", "Périodique",
        "Revista", "Título de la revista", "Título da revista", "Periódico", "Título do periódico",
    ),
    "volume": ("Volume", "VL"),
    "issue": ("Issue", "Number", "Issue Number", "IS"),
    "pages": ("Pages", "Page", "Page Range"),
    "first_page": ("First Page", "Start Page", "Page start", "SP", "BP"),
    "last_page": ("Last Page", "End Page", "Page end", "EP"),
    "publisher": ("Publisher", "PU"),
    "issns": ("ISSN", "ISSNs", "ISSN/ISBN", "eISSN", "Print ISSN", "SN"),
    "doi": ("DOI", "DOI Link", "Digital Object Identifier", "DO", "DI", "DOI-Nummer", "Numéro DOI", "Número DOI"),
    "pm_id": ("PMID", "PubMed ID", "PubMedID", "PM ID", "Medline PMID", "PM"),
    "open_alex": ("OpenAlex", "OpenAlex ID", "OpenAlexId", "Work ID"),
    "keywords": ("Keywords", "Author Keywords", "Manual Tags", "Automatic Tags", "Tags", "Keyword", "DE"),
    "urls": ("URL", "URLs", "Link", "Links", "UR"),
    "language": ("Language", "Language of original document", "LA"),
    "notes": ("Notes", "Note"),
    # ASReview adds its own column beside one that was there before.
    "included": (
        "asreview_label", "included", "label_included", "included_label", "included_final", "final_included",
        "included_flag", "include", "label",
    ),
    "abstract": (
        "Abstract", "Abstract Note", "Abstract Text", "Abstracts", "AB", "Summary",
        "Zusammenfassung", "Kurzfassung", "Abstrakt", "Résumé", "Resumen", "Resumo",
    ),
}  # fmt: skip
FIELDS = tuple(COLUMNS)

_NOT_A_LETTER = re.compile(r"[\W_]+")
_WHOLE_NUMBER = re.compile(r"(\d+)\.0+")
# Those that ASReview accepts.
_LABELS = {
    **dict.fromkeys(("1", "true", "yes", "y", "included"), True),
    **dict.fromkeys(("0", "false", "no", "n", "excluded"), False),
}
_TYPE_NAMES = {
    "journal article": "JOUR", "article": "JOUR", "journalarticle": "JOUR", "book": "BOOK", "book section": "CHAP",
    "booksection": "CHAP", "book chapter": "CHAP", "conference paper": "CONF", "conferencepaper": "CONF",
    "report": "RPRT", "thesis": "THES", "webpage": "ELEC", "web page": "ELEC", "dataset": "DATA",
}  # fmt: skip


def simplify_column(name: str) -> str:
    """Return the name without what does not count. Decomposed, an accent is a character that is not a letter."""
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFKD", name)).casefold()


_FIELDS = {simplify_column(name): (field, rank) for field, names in COLUMNS.items() for rank, name in enumerate(names)}


def count_known(header: Iterable[str]) -> int:
    """Return how many columns of the header have a name that is known."""
    return sum(simplify_column(name) in _FIELDS for name in header)


class Columns:
    """The columns of a table. `chosen` names the column of a field, or of several, and has priority over the guess."""

    def __init__(
        self, header: Sequence[str], chosen: Mapping[str, str] | None = None, dialect: Dialect | None = None
    ) -> None:
        self.header = list(header)
        self._dialect = dialect
        chosen = chosen or {}
        if unknown := sorted(set(chosen) - set(FIELDS)):
            raise InputRejected(f"There is no field '{unknown[0]}'. The fields are: {', '.join(FIELDS)}.")
        if missing := sorted(set(chosen.values()) - set(self.header)):
            raise InputRejected(f"The file has no column '{missing[0]}'. Its columns are: {', '.join(self.header)}.")
        ranked: dict[str, list[tuple[int, int]]] = {field: [] for field in FIELDS}
        for number, name in enumerate(self.header):
            if (known := _FIELDS.get(simplify_column(name))) is not None and name not in chosen.values():
                ranked[known[0]].append((known[1], number))
        self._places = {field: [number for _, number in sorted(places)] for field, places in ranked.items()}
        self._places |= {field: [self.header.index(name)] for field, name in chosen.items()}
        if not any(self._places[field] for field in ("title", "abstract", "doi", "pm_id", "open_alex")):
            raise InputRejected(
                f"No column for the title, the abstract or an identifier was found in: {', '.join(self.header)}. "
                "Say which column holds the title: --map.title COLUMN."
            )

    def list_ignored(self) -> list[str]:
        """Return the names of the columns that hold no field."""
        used = {place for places in self._places.values() for place in places}
        return list(dict.fromkeys(name for place, name in enumerate(self.header) if place not in used and name))

    def read(self, cells: Sequence[str], file: str, line: int, table: Format) -> Record:
        """Return the record of a row."""

        def first(field: str) -> str:
            found = (cells[place] for place in self._places[field] if place < len(cells))
            return next((value for cell in found if (value := cell.strip())), "")

        def number(field: str) -> str:
            """Excel writes whole numbers as decimals."""
            found = _WHOLE_NUMBER.fullmatch(first(field))
            return found[1] if found else first(field)

        links = sort_links(tuple(url for text in split_list(first("urls")) for url in text.split()))
        pages = split_pages(first("pages"))
        date = first("date")
        kind = first("type")
        return Record(
            file=file,
            line=line,
            format=table,
            raw=tuple(zip(self.header, (*cells, *[""] * (len(self.header) - len(cells))), strict=True)),
            type=kind if kind in TYPES else _TYPE_NAMES.get(kind.casefold(), ""),
            title=collapse(first("title")),
            abstract=first("abstract"),
            authors=split_list(first("authors")),
            year=find_year(number("year") or date),
            date=find_date(date),
            journal=collapse(first("journal")),
            volume=number("volume"),
            issue=number("issue"),
            first_page=pages[0] or number("first_page"),
            last_page=pages[1] or number("last_page"),
            publisher=first("publisher"),
            issns=split_issns(first("issns")),
            doi=first("doi") or links.doi,
            pm_id=number("pm_id") or links.pm_id,
            open_alex=first("open_alex").rpartition("/")[2] or links.open_alex,
            keywords=split_list(first("keywords")),
            urls=links.urls,
            language=first("language"),
            notes=(first("notes"),) if first("notes") else (),
            included=_LABELS.get(number("included").casefold()),
            dialect=self._dialect,
        )
