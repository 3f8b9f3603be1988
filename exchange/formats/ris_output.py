"""RIS that is written."""

from collections.abc import Iterator, Sequence

from exchange.formats.from_reference import make_record
from exchange.formats.record import Format, Record, Row, fill_missing, keep_missing
from exchange.formats.tags import NOTE_START, describe_tags, find_label, list_tags
from exchange.formats.values import collapse, remove_asreview_label

# What the format requires.
_LINE_END = "\r\n"
_LABELS = {True: "ASReview_relevant", False: "ASReview_irrelevant", None: "ASReview_not_seen"}

Fields = Sequence[tuple[str, str]]


def format_ris(row: Row, asreview_label: str | None) -> str:
    """Return the record as RIS: the original fields in their order, then what the reference adds to them."""
    added = make_record(row.reference)
    if row.original is not None and row.original.format is Format.RIS:
        original, added = row.original.raw, keep_missing(added, row.original)
    else:
        added = added if row.original is None else fill_missing(row.original, added)
        original = (("TY", added.type or ("JOUR" if added.journal else "GEN")),)
    if asreview_label is not None:
        original = tuple(_remove_labels(original))
    fields = _drop_repeated([*original, *_write_record(added), *_write_tags(row, asreview_label)])
    lines = [f"{tag}  - {value}".replace("\n", _LINE_END) for tag, value in fields]
    return _LINE_END.join([*lines, "ER  - ", "", ""])


def _remove_labels(fields: Fields) -> Iterator[tuple[str, str]]:
    """Yield the fields without the labels of ASReview, which refuses a record with two of them."""
    for tag, value in fields:
        kept = remove_asreview_label(value) if tag == "N1" else value
        if kept == value or kept:
            yield tag, kept


def _write_record(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the fields of a record. Accession numbers that RIS has no tag for become notes."""
    fields = [
        ("TI", record.title),
        *(("AU", author) for author in record.authors),
        ("PY", record.year),
        ("DA", record.date.replace("-", "/")),
        ("T2", record.journal),
        ("VL", record.volume),
        ("IS", record.issue),
        ("SP", record.first_page),
        ("EP", record.last_page),
        ("PB", record.publisher),
        *(("SN", number) for number in record.issns),
        ("DO", record.doi),
        ("UR", f"https://pubmed.ncbi.nlm.nih.gov/{record.pm_id}/" if record.pm_id else ""),
        ("UR", f"https://openalex.org/{record.open_alex}" if record.open_alex else ""),
        *(("UR", url) for url in record.urls),
        *(("KW", keyword) for keyword in record.keywords),
        ("LA", record.language),
        ("AB", record.abstract),
        *(("N1", note) for note in record.notes),
        *(("N1", f"Identifier {name}: {identifier}") for name, identifier in record.other_ids),
    ]
    return ((tag, collapse(value)) for tag, value in fields if value)


def _write_tags(row: Row, asreview_label: str | None) -> Iterator[tuple[str, str]]:
    tags = list_tags(row)
    yield from (("KW", tag.keyword) for tag in tags)
    if note := describe_tags(tags):
        yield "N1", note
    if asreview_label is not None:
        yield "N1", _LABELS[find_label(row, asreview_label)]


def _drop_repeated(fields: Fields) -> list[tuple[str, str]]:
    """Return the fields without repeated keywords, and without notes on annotations but the last, which is the newest.

    A file that was written here, and read again, has the keywords and the note already.
    """
    notes = [number for number, (tag, value) in enumerate(fields) if tag == "N1" and value.startswith(NOTE_START)]
    keywords: set[str] = set()
    kept = []
    for number, (tag, value) in enumerate(fields):
        if number in notes[:-1] or (tag == "KW" and value in keywords):
            continue
        if tag == "KW":
            keywords.add(value)
        kept.append((tag, value))
    return kept
