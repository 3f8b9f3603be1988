import csv
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from exchange.domain.errors import InputRejected
from exchange.files.cells import protect_cell, restore_cell
from exchange.formats import Fault, Format, Reading, Record, Row, read_references, write_references
from exchange.formats.csv_files import guess_delimiter
from exchange.formats.tables import COLUMNS, simplify_column
from tests.unit.formats.files import DATA, make_reference, read_all, read_records


def test_columns_that_are_not_guessed_can_be_named() -> None:
    with pytest.raises(InputRejected, match=r"found in: Name, Nummer, Kurz. Say .*: --map.title COLUMN\.$"):
        list(read_references(DATA / "columns.tsv"))
    columns = {"title": "Name", "doi": "Nummer", "abstract": "Kurz"}
    (record,) = read_records(DATA / "columns.tsv", columns=columns)
    assert (record.title, record.doi, record.abstract) == (
        "Let Me Get You a Nicotine Patch",
        "10.5555/x",
        "The abstract",
    )


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"titel": "Name"}, "There is no field 'titel'. The fields are: type, title, "),
        ({"title": "Title"}, "The file has no column 'Title'. Its columns are: Name, Nummer, Kurz."),
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


@pytest.mark.parametrize(
    "header",
    [
        "Titel;Autor(en);Jahr;Zusammenfassung;DOI;Zeitschrift",
        "TITEL;Autor:innen;Erscheinungsjahr;Kurzfassung;DOI;Titel der Zeitschrift",
        "Titre;Auteur(s);Année;Résumé;DOI;Revue",
        "Titre;Auteurs;Annee de publication;Resume;doi;Périodique",
        "Título;Autores;Año;Resumen;DOI;Revista",
        "Título;Autor(es);Ano de publicação;Resumo;DOI;Periódico",
        "Titulo;Autores;Ano;Resumo;DOI;Revista",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_columns_have_names_in_other_languages(header: str, form: Literal["NFC", "NFD"], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(normalize(form, f"{header}\nx;A, B; C;2003;text;10.5555/x;J\n".replace("A, B; C", '"A, B; C"')))
    (reading,) = read_all(path)
    record = reading.record
    assert (record.title, record.authors, record.year) == ("x", ("A, B", "C"), "2003")
    assert (record.abstract, record.doi, record.journal) == ("text", "10.5555/x", "J")
    assert reading.warnings == ()


def test_each_name_of_a_column_belongs_to_one_field() -> None:
    fields = {(simplify_column(name), field) for field, names in COLUMNS.items() for name in names}
    assert len({name for name, _ in fields}) == len(fields)


def test_one_warning_names_the_columns_that_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Title,Farbe,,Farbe,Note 2,Year,AB\n,,,,,2003,a\nx,1,2,3,4,2003,a\ny,1,2,3,4,2003,b\n")
    fault, first, second = read_references(path, columns={"abstract": "Note 2"})
    assert isinstance(fault, Fault)
    assert isinstance(first, Reading)
    assert isinstance(second, Reading)
    assert first.warnings == (
        "These columns are not used: Farbe, AB. To use one, name it for a field: --map.title COLUMN.",
    )
    assert second.warnings == ()


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
