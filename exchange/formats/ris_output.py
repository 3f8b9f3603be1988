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
    added, tags = make_record(row.reference), list_tags(row, {Format.RIS})
    if row.original is not None and row.original.format is Format.RIS:
        original, added = row.original.raw, keep_missing(added, row.original)
    else:
        added = added if row.original is None else fill_missing(row.original, added)
        original = (("TY", added.type or ("JOUR" if added.journal else "GEN")),)
    fields = [
        *_remove_outdated(original, has_tags=bool(tags), has_label=asreview_label is not None),
        *_write_record(added),
        *(("KW", tag.keyword) for tag in tags if ("KW", tag.keyword) not in original),
        *([("N1", describe_tags(tags))] if tags else []),
    ]
    label = added.included if asreview_label is None else find_label(row, asreview_label)
    if asreview_label is not None or label is not None:
        fields.append(("N1", _LABELS[label]))
    lines = [f"{tag}  - {value}".replace("\n", _LINE_END) for tag, value in fields]
    return _LINE_END.join([*lines, "ER  - ", "", ""])


def _remove_outdated(fields: Fields, *, has_tags: bool, has_label: bool) -> Iterator[tuple[str, str]]:
    """Yield the fields without an older note on annotations, and without labels of ASReview, which refuses two."""
    for tag, value in fields:
        if tag == "N1" and has_tags and value.startswith(NOTE_START):
            continue
        kept = remove_asreview_label(value) if tag == "N1" and has_label else value
        if kept or not value:
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
