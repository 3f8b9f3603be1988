from pathlib import Path
from typing import Any

import pytest
import rispy

from exchange.contract.references import Reference
from exchange.domain.errors import InputRejected
from exchange.formats import Format, Row, write_references
from exchange.formats.read_tags import read_tags
from exchange.formats.record import Record
from tests.unit.formats.files import DATA, REFERENCE_ID, boolean, make_reference, read_all, read_records

SCORE = {"annotation_type": "score", "scheme": "topic", "label": "sleep", "score": 0.8765}
REFERENCE = make_reference(boolean("rct", value=True, score=0.93), boolean("cohort", value=False), SCORE)
KEYWORDS = ["design:rct", "design:cohort = no", "topic:sleep = 0.9"]
NOTE = (
    "Annotations: design:rct: yes, score 0.93, robot robot 1.2; design:cohort: no, robot robot 1.2; "
    "topic:sleep: score 0.8765, robot robot 1.2"
)


def write_ris(path: Path, name: str = "zotero.ris", **options: Any) -> list[dict[str, Any]]:
    """Write the originals with their annotations, and return what another reader finds. ASReview uses this one."""
    rows = [Row(REFERENCE, reading.record) for reading in read_all(DATA / name)]
    write_references(path, Format.RIS, rows, **options)
    with path.open(encoding="utf-8") as file:
        return list(rispy.load(file))


def test_ris_has_keywords_and_one_note(tmp_path: Path) -> None:
    entries = write_ris(tmp_path / "a.ris")
    assert entries[0]["keywords"] == ["Smoking Cessation", "Mental Disorders", *KEYWORDS]
    assert entries[0]["notes"] == ["<p>Read twice</p>", NOTE]
    assert entries[1]["keywords"] == KEYWORDS


def test_bibtex_has_keywords_and_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.bib"
    write_references(path, "bibtex", [Row(REFERENCE, reading.record) for reading in read_all(DATA / "zotero.bib")])
    record = read_records(path)[0]
    assert record.keywords == ("Smoking Cessation", "Mental Disorders", *KEYWORDS)
    assert record.notes == ("PMID: none", NOTE)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_table_has_three_columns_for_each_annotation(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    write_references(path, "auto", [Row(REFERENCE, reading.record) for reading in read_all(DATA / "zotero.csv")])
    cells = dict(read_records(path)[0].raw)
    assert cells["Key"] == "ABCD1234"
    assert [cells[f"design:rct{part}"] for part in ("", " score", " robot")] == ["true", "0.93", "robot 1.2"]
    assert [cells[f"design:cohort{part}"] for part in ("", " robot")] == ["false", "robot 1.2"]
    assert [cells[f"topic:sleep{part}"] for part in (" score", " robot")] == ["0.8765", "robot 1.2"]


def test_two_robots_share_the_columns_in_the_same_order(tmp_path: Path) -> None:
    old, new = (
        make_reference(boolean("rct", value=value, score=score), source=source).enhancements or []
        for source, value, score in [("a", True, 0.9), ("b", False, None)]
    )
    older = make_reference(boolean("rct", value=False), source="a").enhancements or []
    reference = Reference.model_validate({"id": REFERENCE_ID, "enhancements": [*old, *new, *older]})
    path = tmp_path / "a.csv"
    write_references(path, "csv", [Row(reference, read_records(DATA / "zotero.csv")[0])])
    cells = dict(read_records(path)[0].raw)
    assert [cells[f"design:rct{part}"] for part in ("", " score", " robot")] == ["true; false", "0.9; ", "a 1.2; b 1.2"]


@pytest.mark.parametrize(
    ("label", "expected"),
    [("design:rct", "ASReview_relevant"), ("design:cohort", "ASReview_irrelevant"), ("x:y", "ASReview_not_seen")],
)
def test_asreview_finds_its_label_and_only_one(label: str, expected: str, tmp_path: Path) -> None:
    entries = write_ris(tmp_path / "a.ris", name="asreview.ris", asreview_label=label)
    assert [entry["notes"] for entry in entries] == [
        ["Seen by two", NOTE, expected],
        [NOTE, expected],
        [NOTE, expected],
    ]


def test_asreview_finds_its_label_in_a_table(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [Row(REFERENCE, record) for record in read_records(DATA / "excel.csv")]
    write_references(path, "csv", rows, asreview_label="design:cohort")
    assert [record.included for record in read_records(path)] == [False, False, False]
    assert list(dict(read_records(path)[0].raw)).count("included") == 1


def test_a_label_that_the_original_has_is_not_added_again(tmp_path: Path) -> None:
    rows = [Row(reading.reference, reading.record) for reading in read_all(DATA / "asreview.ris")]
    write_references(tmp_path / "a.ris", "ris", rows)
    assert "screening" not in (tmp_path / "a.ris").read_text()
    write_references(tmp_path / "a.ris", "ris", rows, asreview_label="screening:included")
    assert [record.included for record in read_records(tmp_path / "a.ris")] == [True, False, None]


def test_a_label_is_kept_from_one_format_to_another(tmp_path: Path) -> None:
    rows = [Row(reading.reference, reading.record) for reading in read_all(DATA / "excel.csv")]
    write_references(tmp_path / "a.ris", "ris", rows)
    assert [record.included for record in read_records(tmp_path / "a.ris")] == [True, False, None]
    rows = [Row(reading.reference, reading.record) for reading in read_all(DATA / "asreview.ris")]
    write_references(tmp_path / "a.csv", "csv", rows)
    assert [record.included for record in read_records(tmp_path / "a.csv")] == [True, False, None]


@pytest.mark.parametrize("name", ["zotero.ris", "zotero.bib", "zotero.csv"])
def test_newer_annotations_replace_the_older_note(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    write_references(path, "auto", [Row(REFERENCE, record) for record in read_records(DATA / name)])
    newer = make_reference(boolean("rct", value=True))
    write_references(path, "auto", [Row(newer, record) for record in read_records(path)])
    text = path.read_text(encoding="utf-8")
    assert "0.93" not in text
    assert text.count("robot 1.2") == len(read_records(path)) * (3 if name.endswith("csv") else 1)


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("before")

    def fail() -> Any:
        yield Row(REFERENCE)
        raise InputRejected("The source is damaged.")

    for name in ("csv", "ris", "xlsx"):
        with pytest.raises(InputRejected, match="damaged"):
            write_references(path, name, fail())
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("a.csv", "before")]


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"cannot be written: No such file or directory\."):
        write_references(tmp_path / "missing" / "a.ris", "ris", [])
    with pytest.raises(InputRejected, match=r"a\.nbib cannot be written in this format\. The formats are: ris, "):
        write_references(tmp_path / "a.nbib", "auto", [])


def write_one(path: Path, *annotations: dict[str, Any], original: str = "TY  - JOUR\nTI  - Title\nER  - \n") -> Record:
    """Write a record with annotations to RIS. Return what is read."""
    path.write_text(original)
    (record,) = read_records(path)
    write_references(path, Format.RIS, [Row(make_reference(*annotations), record)])
    (written,) = read_records(path)
    return written


def test_zotero_does_not_separate_a_keyword(tmp_path: Path) -> None:
    """It does at semicolons, and in a lone keyword at commas."""
    lone = write_one(tmp_path / "a.ris", boolean("rct, cluster; or so", value=True))
    assert lone.keywords == ("design:rct cluster or so",)
    two = write_one(tmp_path / "a.ris", boolean("rct, cluster", value=True), boolean("sleep; rest", value=False))
    assert two.keywords == ("design:rct, cluster", "design:sleep, rest = no")
    for record, names in ((lone, ["rct, cluster; or so"]), (two, ["rct, cluster", "sleep; rest"])):
        assert [tag.name for tag in read_tags(record)] == [f"design:{name}" for name in names]


def test_annotations_that_went_through_zotero_are_replaced(tmp_path: Path) -> None:
    note = "<p>Annotations: design:rct: yes, score 0.93, robot R&amp;D 1; design:old: yes, robot R&amp;D 1</p>"
    keywords = "KW  - design:rct\nKW  - design:old\nKW  - own\n"
    original = f"TY  - JOUR\nTI  - Title\n{keywords}N1  - {note}\nN1  - <p>Mine</p>\nER  - \n"
    (tmp_path / "a.ris").write_text(original)
    assert [tag.robot for tag in read_tags(read_records(tmp_path / "a.ris")[0])][:2] == ["R&D 1", "R&D 1"]
    written = write_one(tmp_path / "a.ris", boolean("rct", value=False, score=0.21), original=original)
    assert written.keywords == ("design:old", "own", "design:rct = no")
    assert written.notes == ("<p>Mine</p>", "Annotations: design:rct: no, score 0.21, robot robot 1.2")


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_asreview_finds_the_titles_of_a_table(suffix: str, tmp_path: Path) -> None:
    """It takes the byte order mark for a part of the first column's name."""
    path = tmp_path / f"a{suffix}"
    write_references(path, "auto", [Row(REFERENCE, record) for record in read_records(DATA / "zotero.ris")])
    header = path.read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("\ufeffType")
    assert "Title" in header
    original = "\ufeffTitle,Abstract\r\nTitle,Text\r\n".replace(",", "\t" if suffix == ".tsv" else ",")
    path.write_bytes(original.encode())
    rows = [Row(REFERENCE, record) for record in read_records(path)]
    write_references(path, "auto", rows, asreview_label="design:rct")
    assert path.read_bytes().startswith(b"Title")


def test_keywords_of_a_table_have_no_space_after_the_semicolon(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_references(path, "auto", [Row(REFERENCE, record) for record in read_records(DATA / "zotero.ris")])
    assert "Smoking Cessation;Mental Disorders" in path.read_text(encoding="utf-8")
    assert read_records(path)[0].keywords == ("Smoking Cessation", "Mental Disorders")


@pytest.mark.parametrize(
    ("cells", "included"),
    [("1.0,0.0", False), ("0,1", True), ("1,", True), ("no,yes", True), ("included,n", False), (",", None)],
)
def test_the_label_of_asreview_is_newer_than_one_that_was_there(
    cells: str,
    included: bool | None,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"title,included,asreview_label\nTitle,{cells}\n")
    assert read_records(path)[0].included is included


@pytest.mark.parametrize(
    ("title", "written"),
    [("{BRCA1} {x{y}}", r"\{BRCA1\} \{x\{y\}\}"), ("} {", r"\textbraceright{} \textbraceleft{}")],
)
def test_braces_in_pairs_are_written_as_zotero_reads_them(title: str, written: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text(f"TY  - JOUR\nTI  - {title}\nER  - \n")
    write_references(tmp_path / "a.bib", "auto", [Row(REFERENCE, record) for record in read_records(path)])
    assert f"title = {{{written}}}" in (tmp_path / "a.bib").read_text()
    assert read_records(tmp_path / "a.bib")[0].title == title
