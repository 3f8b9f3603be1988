import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.formats import Format, Record, Row, write_references
from exchange.formats.read_tags import read_tags, simplify_name
from exchange.formats.tags import Tag, list_tags
from tests.unit.formats.files import boolean, make_reference, read_records

ANNOTATIONS = [
    boolean("rct", value=True, score=0.93),
    boolean("cohort, old; very", value=False),
    {"annotation_type": "score", "scheme": "a:b", "label": "strong", "score": 0.8765},
    {"annotation_type": "score", "scheme": "a:b", "label": "odd", "score": -1.25e-07},
]


def make_record(*keywords: str, note: str = "", form: Format = Format.RIS) -> Record:
    return Record(file="a.ris", line=1, format=form, keywords=keywords, notes=(note,))


@pytest.mark.parametrize("suffix", ["ris", "bib", "csv", "tsv", "xlsx"])
def test_what_an_export_wrote_is_read_again(suffix: str, tmp_path: Path) -> None:
    original = make_record("Adult", "no label", form=Format.OPENALEX)
    row = Row(make_reference(*ANNOTATIONS, source="robot; no: yes"), replace(original, title="A title"))
    write_references(tmp_path / f"a.{suffix}", "auto", [row])
    (record,) = read_records(tmp_path / f"a.{suffix}")
    written, found = list_tags(row, ()), list(read_tags(record))
    for expected, tag in zip(written, found, strict=True):
        assert simplify_name(tag.name) == simplify_name(expected.name)
        assert (tag.value, tag.score) == (expected.value, expected.score)


@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("a:b", Tag("a:b", value=True, score=None, robot="")),
        ("a:b = no", Tag("a:b", value=False, score=None, robot="")),
        ("a:b = 0.9", Tag("a:b", value=None, score=0.9, robot="")),
        ("a:b = 0.95", Tag("a:b = 0.95", value=True, score=None, robot="")),
        ("a = no", None),
        ("Adult", None),
        ("", None),
    ],
)
def test_a_keyword_without_a_note(keyword: str, tag: Tag | None) -> None:
    assert list(read_tags(make_record(keyword))) == ([] if tag is None else [tag])


def test_the_note_has_the_exact_score_of_a_keyword_that_a_reviewer_kept() -> None:
    note = "<p>Annotations: a:b: score 0.8765, robot r 1; a:c: yes, score 0.5, robot r 1; a:d: no, robot r 1</p>"
    found = list(read_tags(make_record("a:b = 0.9", "a:c = no", note=note)))
    assert found == [Tag("a:b", None, 0.8765, "r 1"), Tag("a:c", value=False, score=None, robot="")]


def test_a_note_with_a_score_that_is_not_a_number_lists_nothing() -> None:
    assert list(read_tags(make_record("Adult", note="Annotations: a:b: score e, robot r"))) == []


@given(st.text(st.sampled_from("a:;, =0.9\nyesnorobotscore"), max_size=80))
def test_any_keyword_and_any_note_can_be_read(text: str) -> None:
    list(read_tags(make_record(text, note=f"Annotations: {text}, robot {text}; {text}: yes, robot x")))
    list(read_tags(Record(file="a", line=1, format=Format.CSV, raw=((f"a:{text}", text), (f"a:{text} score", text)))))


@settings(deadline=None)
@given(st.sampled_from(["a: yes, robot ", "; ", ": score 1, robot", "Annotations: a:b", " = 0.1", "e"]))
def test_a_long_note_takes_linear_time(part: str) -> None:
    start = time.process_time()
    list(read_tags(make_record(part * 50_000, note="Annotations: " + part * 50_000)))
    assert time.process_time() - start < 2
