from pathlib import Path
from typing import Any

import pytest
import rispy

from exchange.contract.references import Reference
from exchange.domain.errors import InputRejected
from exchange.formats import Format, Row, write_references
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
