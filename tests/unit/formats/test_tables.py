import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from exchange.domain.errors import InputRejected
from exchange.files.cells import protect_cell, restore_cell
from exchange.formats import Format, Record, Row, read_references, write_references
from exchange.formats.csv_files import guess_delimiter
from tests.unit.formats.files import DATA, make_reference, read_records


def test_columns_that_are_not_guessed_can_be_named() -> None:
    with pytest.raises(InputRejected, match="found in: Titel, Nummer, Kurz"):
        list(read_references(DATA / "columns.tsv"))
    columns = {"title": "Titel", "doi": "Nummer", "abstract": "Kurz"}
    (record,) = read_records(DATA / "columns.tsv", columns=columns)
    assert (record.title, record.doi, record.abstract) == (
        "Let Me Get You a Nicotine Patch",
        "10.5555/x",
        "The abstract",
    )


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"titel": "Titel"}, "There is no field 'titel'. The fields are: type, title, "),
        ({"title": "Title"}, "The file has no column 'Title'. Its columns are: Titel, Nummer, Kurz."),
    ],
)
def test_wrong_names_are_refused(columns: dict[str, str], reason: str) -> None:
    with pytest.raises(InputRejected) as refused:
        list(read_references(DATA / "columns.tsv", columns=columns))
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize("name", ["TITLE", "article title", "Primary_Title", "Document Title", "TI"])
def test_a_title_has_many_names(name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{name};Other\nx;y\n")
    assert read_records(path)[0].title == "x"


def test_an_empty_cell_is_filled_from_the_next_column_of_the_field(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Primary Title,Title\nfirst,\nsecond,better\n")
    assert [record.title for record in read_records(path)] == ["first", "better"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_guessed(delimiter: str) -> None:
    assert guess_delimiter(delimiter.join(["Title", "Authors, all; of them", "Year"])) == delimiter


@given(st.text(st.sampled_from("'=+-@\t\ra1"), max_size=6))
def test_a_protected_cell_is_no_formula_and_can_be_restored(cell: str) -> None:
    protected = protect_cell(cell)
    assert not protected.startswith(("=", "+", "-", "@", "\t", "\r")) or protected[1:].isdecimal()
    assert restore_cell(protected) == cell


def test_formulas_are_written_as_text(tmp_path: Path) -> None:
    cells = [("Title", "=1+1"), ("=HEADER()", "@SUM(A1)"), ("Notes", "-5-1"), ("Key", "'=kept")]
    record = Record(file="a", line=2, format=Format.CSV, raw=tuple(cells), title="=1+1")
    row = Row(make_reference(), record)
    write_references(tmp_path / "a.csv", "csv", [row])
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["Title", "'=HEADER()", "Notes", "Key"],
            ["'=1+1", "'@SUM(A1)", "'-5-1", "''=kept"],
        ]
    write_references(tmp_path / "a.xlsx", "xlsx", [row])
    sheet = load_workbook(tmp_path / "a.xlsx").worksheets[0]
    assert [[(cell.value, cell.data_type) for cell in line] for line in sheet.iter_rows()] == [
        [(name, "s") for name, _ in cells],
        [(value, "s") for _, value in cells],
    ]
    assert read_records(tmp_path / "a.csv")[0].raw == read_records(tmp_path / "a.xlsx")[0].raw == tuple(cells)


def test_a_workbook_of_excel_is_read(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["Title", "Year", "PMID", "Included", None])
    sheet.append(["A title", 2019.0, 12345678, True])
    sheet.append([])
    sheet.append([None, 2020])
    sheet.append(["Another", "2021", None, 0])
    workbook.save(tmp_path / "a.xlsx")
    first, fault, last = read_references(tmp_path / "a.xlsx")
    assert (first.record.year, first.record.pm_id, first.record.included) == ("2019", "12345678", True)  # type: ignore[union-attr]
    assert fault.line == 4  # type: ignore[union-attr]
    assert (last.record.line, last.record.title, last.record.included) == (5, "Another", False)  # type: ignore[union-attr]


def test_rows_of_different_files_share_a_table(tmp_path: Path) -> None:
    originals = [
        *read_records(DATA / "zotero.csv"),
        *read_records(DATA / "excel.csv"),
        *read_records(DATA / "zotero.ris"),
    ]
    write_references(tmp_path / "a.csv", "csv", [Row(make_reference(), record) for record in originals])
    found = read_records(tmp_path / "a.csv")
    assert [record.title for record in found] == [record.title for record in originals]
    assert len({name for name, _ in found[0].raw}) == len(found[0].raw)
