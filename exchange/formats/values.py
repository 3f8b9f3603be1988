"""Values that several formats write in the same ways."""

import re
from dataclasses import dataclass
from datetime import date

_SPACES = re.compile(r"\s+")
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_NUMERIC_DATE = re.compile(r"(\d{4})[-/ .](\d{1,2})[-/ .](\d{1,2})(?!\d)")
_NAMED_DATE = re.compile(r"(\d{4})[-/ ]([A-Za-z]{3})[a-z]*[-/ ](\d{1,2})(?!\d)")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})$")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PAGES = re.compile(r"\s*([^\s\-\u2010-\u2015]+)\s*[-\u2010-\u2015]+\s*([^\s\-\u2010-\u2015]+)\s*")
_PUBMED_URL = re.compile(r"https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(\d+)/?")
_OPEN_ALEX_URL = re.compile(r"https?://(?:api\.)?openalex\.org/(?:works/)?(W\d+)", re.IGNORECASE)
_DOI_URL = re.compile(r"https?://(?:dx\.|www\.)?doi\.org/(10\..+)", re.IGNORECASE)
_ASREVIEW = re.compile(r"\bASReview_(relevant|irrelevant|not_seen)\b")
# The patterns look back so that they are tried once in a run of spaces, and not at each of them.
_ISSN_ENDS = re.compile(r"\([^()]*\)|(?<![\s;,])[\s;,]+(?=\d)")
_LIST_ENDS = re.compile(r"[;|\n]")


def collapse(text: str) -> str:
    """Return the text on one line, with single spaces."""
    return _SPACES.sub(" ", text).strip()


def find_year(text: str) -> str:
    """Return the first year in the text, or the empty string."""
    found = _YEAR.search(text)
    return found[1] if found else ""


def find_date(text: str) -> str:
    """Return the day that the text begins with, as YYYY-MM-DD. Empty if it has no day, or no such day exists."""
    text = text.strip()
    if found := _NUMERIC_DATE.match(text) or _COMPACT_DATE.match(text):
        month = int(found[2])
    elif (found := _NAMED_DATE.match(text)) and found[2].lower() in _MONTHS:
        month = _MONTHS.index(found[2].lower()) + 1
    else:
        return ""
    try:
        return date(int(found[1]), month, int(found[3])).isoformat()
    except ValueError:
        return ""


def split_pages(text: str) -> tuple[str, str]:
    """Return the first and the last page. The last one is as it was written, for example 7 in 1243-7."""
    found = _PAGES.fullmatch(text)
    return (found[1], found[2]) if found else (text.strip(), "")


def join_pages(first: str, last: str) -> str:
    """Return the pages as `split_pages` reads them."""
    return f"{first}-{last}" if last else first


def split_list(text: str) -> tuple[str, ...]:
    """Return the values that semicolons, bars or line breaks separate."""
    return tuple(value for part in _LIST_ENDS.split(text) if (value := part.strip()))


def split_issns(text: str) -> tuple[str, ...]:
    """Return the ISSNs or ISBNs, without the media in brackets."""
    return tuple(number.strip() for number in _ISSN_ENDS.split(text) if number.strip())


@dataclass(frozen=True, slots=True)
class Links:
    """Identifiers that addresses contain, and the other addresses."""

    doi: str
    pm_id: str
    open_alex: str
    urls: tuple[str, ...]


def sort_links(urls: tuple[str, ...]) -> Links:
    """Return the first identifier of each kind in the addresses. An address in PubMed or OpenAlex adds nothing else."""
    found = {"doi": "", "pm_id": "", "open_alex": ""}
    others = []
    for url in urls:
        if match := _PUBMED_URL.match(url):
            found["pm_id"] = found["pm_id"] or match[1]
        elif match := _OPEN_ALEX_URL.match(url):
            found["open_alex"] = found["open_alex"] or match[1].upper()
        else:
            if match := _DOI_URL.match(url):
                found["doi"] = found["doi"] or match[1]
            others.append(url)
    return Links(**found, urls=tuple(dict.fromkeys(others)))


def find_asreview_label(notes: tuple[str, ...]) -> bool | None:
    """Return the label that ASReview keeps in the notes: relevant or irrelevant. None if there is none."""
    labels = {found for note in notes for found in _ASREVIEW.findall(note)}
    return labels == {"relevant"} if labels in ({"relevant"}, {"irrelevant"}) else None


def remove_asreview_label(note: str) -> str:
    """Return the note without the label of ASReview."""
    return _ASREVIEW.sub("", note).strip()
