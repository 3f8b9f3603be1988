import re
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.contract.enhancements import Visibility
from exchange.formats import Format, Reading, Record, Row, write_references
from exchange.formats.to_reference import make_reading
from tests.unit.formats.files import DATA, boolean, make_reference, read_all, read_records

ANNOTATED = make_reference(boolean("rct", value=True, score=0.93))
SAME_FORMAT = ["zotero.ris", "endnote.ris", "ovid.ris", "embase.ris", "pubmed.ris", "asreview.ris", "zotero.csv"]


def write_and_read(readings: list[Reading], path: Path, *, with_originals: bool = True) -> list[Record]:
    rows = [Row(reading.reference, reading.record if with_originals else None) for reading in readings]
    assert write_references(path, "auto", rows) == len(readings)
    return read_records(path)


@pytest.mark.parametrize("name", [*SAME_FORMAT, "zotero.bib", "excel.csv"])
def test_everything_of_an_original_is_written_again(name: str, tmp_path: Path) -> None:
    readings = read_all(DATA / name)
    assert [record.raw for record in write_and_read(readings, tmp_path / name)] == [
        reading.record.raw for reading in readings
    ]


@pytest.mark.parametrize("name", [*SAME_FORMAT, "zotero.bib"])
def test_annotations_are_added_to_what_the_original_has(name: str, tmp_path: Path) -> None:
    readings = read_all(DATA / name)
    rows = [Row(ANNOTATED, reading.record) for reading in readings]
    write_references(tmp_path / name, "auto", rows)
    for before, after in zip(readings, read_records(tmp_path / name), strict=True):
        # BibTeX has all keywords in one field.
        kept = [field for field in before.record.raw if field[0] != "keywords"]
        assert [field for field in after.raw if field in kept] == kept


@pytest.mark.parametrize("name", ["zotero.ris", "zotero.bib", "zotero.csv"])
def test_writing_what_was_written_changes_nothing(name: str, tmp_path: Path) -> None:
    rows = [Row(ANNOTATED, reading.record) for reading in read_all(DATA / name)]
    write_references(tmp_path / name, "auto", rows)
    first = (tmp_path / name).read_bytes()
    write_references(tmp_path / name, "auto", [Row(ANNOTATED, record) for record in read_records(tmp_path / name)])
    assert (tmp_path / name).read_bytes() == first


@pytest.mark.parametrize("source", ["zotero.ris", "zotero.bib", "pubmed.nbib", "pubmed.xml", "crossref.json"])
@pytest.mark.parametrize("suffix", [".ris", ".bib", ".csv", ".tsv", ".xlsx"])
def test_a_record_of_another_format_keeps_its_fields(source: str, suffix: str, tmp_path: Path) -> None:
    readings = read_all(DATA / source)
    for before, after in zip(readings, write_and_read(readings, tmp_path / f"a{suffix}"), strict=True):
        for field in ("title", "authors", "year", "journal", "volume", "issue", "doi", "pm_id", "keywords", "language"):
            separator = "; " if suffix in {".csv", ".tsv", ".xlsx"} else ", "
            expected = getattr(before.record, field)
            if field == "keywords" and suffix == ".bib":
                expected = tuple(keyword.replace(separator, " ") for keyword in expected)
            assert getattr(after, field) == expected, field
        assert after.abstract.split() == before.record.abstract.split()


def test_a_reference_without_its_original_has_what_the_contract_has(tmp_path: Path) -> None:
    readings = read_all(DATA / "zotero.ris")
    for suffix in (".ris", ".bib", ".csv", ".xlsx", ".jsonl"):
        record = write_and_read(readings, tmp_path / f"a{suffix}", with_originals=False)[0]
        assert record.doi == "10.5555/12345678"
        assert record.authors == ("Müller, Jana", "Okafor, Chidi", "Lindqvist, Åsa")
        assert (record.journal, record.date) == ("Journal of Invented Results", "2009-03-14")


def test_jsonl_is_written_as_it_was_read(tmp_path: Path) -> None:
    readings = read_all(DATA / "native.jsonl")
    write_references(tmp_path / "a.jsonl", "jsonl", [Row(reading.reference) for reading in readings])
    assert [reading.reference for reading in read_all(tmp_path / "a.jsonl")] == [
        reading.reference for reading in readings
    ]


def test_a_stored_reference_is_written_to_jsonl_so_that_it_can_be_loaded(tmp_path: Path) -> None:
    write_references(tmp_path / "a.jsonl", "jsonl", [Row(ANNOTATED)])
    (reading,) = read_all(tmp_path / "a.jsonl")
    (enhancement,) = reading.reference.enhancements or []
    assert (enhancement.source, enhancement.robot_version) == ("robot", "1.2")
    assert enhancement.content == (ANNOTATED.enhancements or [])[0].content


@pytest.mark.parametrize("suffix", [".ris", ".bib", ".csv"])
def test_what_the_reference_adds_is_written_too(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    bare = Record(file="", line=1, format=Format.RIS, title="A title", year="2001")
    full = replace(bare, abstract="An abstract", doi="10.5555/new", pm_id="7")
    write_references(path, "auto", [Row(as_reading(bare).reference)])
    write_references(path, "auto", [Row(as_reading(full).reference, record) for record in read_records(path)])
    (after,) = read_records(path)
    assert (after.title, after.abstract, after.doi, after.pm_id) == ("A title", "An abstract", "10.5555/new", "7")


def as_reading(record: Record) -> Reading:
    reading = make_reading(record, "test", Visibility.PUBLIC)
    assert isinstance(reading, Reading)
    return reading


# Text on one line. All characters that mean something to a format are among them.
ODD = st.sampled_from("abcÅ=+-@'\"\t,;|{}\\%&#_$~^<>:/*()[]0 1")
OTHERS = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
LINES = st.text(ODD | OTHERS, min_size=1, max_size=30)
WORDS = LINES.map(lambda text: " ".join(text.split())).filter(bool)
# A list in one cell or field is separated by these.
ITEMS = WORDS.map(lambda text: re.sub("[,;|]", "", text).strip()).filter(bool)
NAMES = ITEMS.filter(lambda name: " and " not in f" {name} ".lower())


@st.composite
def records(draw: st.DrawFn) -> Record:
    return Record(
        file="a",
        line=1,
        format=Format.JSONL,
        title=draw(WORDS),
        abstract=draw(WORDS),
        authors=tuple(draw(st.lists(NAMES, max_size=3))),
        year=str(draw(st.integers(1900, 2030))),
        journal=draw(WORDS),
        publisher=draw(WORDS),
        doi="10.5555/" + draw(st.text("abcXYZ0123456789._;()/:-<>[]+&%", min_size=1, max_size=20)),
        pm_id=str(draw(st.integers(1, 10**8))),
        open_alex=f"W{draw(st.integers(1, 10**10))}",
        keywords=tuple(draw(st.lists(ITEMS, max_size=3, unique=True))),
        language=draw(WORDS),
    )


NOT_COMPARED = {"file", "line", "format", "raw", "cells", "type", "dialect"}
COMPARED = [field.name for field in fields(Record) if field.name not in NOT_COMPARED]


@given(st.lists(records(), min_size=1, max_size=3), st.sampled_from([".ris", ".csv", ".tsv", ".xlsx"]))
@settings(max_examples=60, deadline=None)
def test_any_text_survives(originals: list[Record], suffix: str) -> None:
    with TemporaryDirectory() as folder:
        found = write_and_read([as_reading(record) for record in originals], Path(folder) / f"a{suffix}")
    for before, after in zip(originals, found, strict=True):
        assert {name: getattr(after, name) for name in COMPARED} == {name: getattr(before, name) for name in COMPARED}


# LaTeX has its own meaning for these, so that not every text has a form that decodes to it.
PLAIN = WORDS.filter(lambda text: not set(text) & set("$^") and "''" not in text)


@given(PLAIN, PLAIN, st.lists(NAMES.filter(lambda name: not set(name) & set("$^")), max_size=2))
@settings(max_examples=60, deadline=None)
def test_text_survives_bibtex(title: str, abstract: str, authors: list[str]) -> None:
    original = Record(file="a", line=1, format=Format.JSONL, title=title, abstract=abstract, authors=tuple(authors))
    with TemporaryDirectory() as folder:
        (after,) = write_and_read([as_reading(original)], Path(folder) / "a.bib")
    assert (after.title, after.abstract, after.authors) == (title, abstract, tuple(authors))


RAW_VALUES = st.lists(WORDS, min_size=1, max_size=3).map("\n".join)


@given(st.lists(st.tuples(st.sampled_from(["AB", "C1", "ZZ", "KW", "N1", "L1"]), RAW_VALUES), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_fields_of_ris_survive(added: list[tuple[str, str]]) -> None:
    unique = [field for number, field in enumerate(added) if field[0] != "KW" or field not in added[:number]]
    raw = (("TY", "JOUR"), ("TI", "A title"), *unique)
    original = Record(file="a", line=1, format=Format.RIS, raw=raw, title="A title", abstract="is there")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.ris"
        write_references(path, "ris", [Row(make_reference(), original)])
        (after,) = read_records(path)
    assert after.raw == raw
