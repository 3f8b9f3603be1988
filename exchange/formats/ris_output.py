"""RIS that is written."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from exchange.formats.from_reference import make_record
from exchange.formats.read_tags import is_note, read_note, simplify_name
from exchange.formats.record import Format, Record, Row, fill_missing, keep_missing
from exchange.formats.tags import Tag, describe_tags, find_label, list_tags
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
    older = [tag for field, value in original if field == "N1" for tag in read_note(value)] if tags else []
    names = {tag.name for tag in tags}
    replaced = {simplify_name(tag.keyword) for tag in older if tag.name in names}
    fields = [
        *_remove_outdated(original, replaced, has_tags=bool(tags), has_label=asreview_label is not None),
        *_write_record(added),
    ]
    known = {value for field, value in fields if field == "KW"}
    fields += (("KW", keyword) for keyword in _list_keywords(tags, is_first=not known) if keyword not in known)
    if tags:
        fields.append(("N1", describe_tags(tags)))
    label = added.included if asreview_label is None else find_label(row, asreview_label)
    if asreview_label is not None or label is not None:
        fields.append(("N1", _LABELS[label]))
    lines = [f"{tag}  - {value}".replace("\n", _LINE_END) for tag, value in fields]
    return _LINE_END.join([*lines, "ER  - ", "", ""])


def _list_keywords(tags: Sequence[Tag], *, is_first: bool) -> Iterable[str]:
    """Return the keywords without what separates keywords in Zotero: semicolons, and commas in a lone keyword."""
    keywords = dict.fromkeys(tag.keyword.replace(";", ",") for tag in tags)
    return map(simplify_name, keywords) if is_first and len(keywords) == 1 else keywords


def _remove_outdated(
    fields: Fields, replaced: Collection[str], *, has_tags: bool, has_label: bool
) -> Iterator[tuple[str, str]]:
    """Yield the fields without an older note on annotations, and without labels of ASReview, which refuses two.

    `replaced` has the simplified keywords of older annotations that have a newer value.
    """
    for tag, value in fields:
        if tag == "N1" and has_tags and is_note(value):
            continue
        if tag == "KW" and simplify_name(value) in replaced:
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
