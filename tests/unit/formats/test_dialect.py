import codecs
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.formats import Row, write_references
from tests.unit.formats.files import boolean, make_reference, read_all

CELLS = [["Title", "Year", "Note"], ["Größe", "2003", 'He said "no", or yes; | and\ttabs'], ["B", "2004", ""]]


def write_original(path: Path, delimiter: str, quote: str, encoding: str, line_end: str) -> None:
    def write_cell(cell: str) -> str:
        has_special = any(character in cell for character in f'"\n\r{delimiter}')
        escaped = cell.replace('"', '""')
        return f'"{escaped}"' if has_special or quote == "all" else cell

    text = "".join(delimiter.join(map(write_cell, row)) + line_end for row in CELLS)
    path.write_bytes(text.encode(encoding))


def tag(path: Path, target: Path, label: str = "rct") -> bytes:
    """Write the records of a file with an annotation, and return the new file."""
    reference = make_reference(boolean(label, value=True))
    write_references(target, "auto", [Row(reference, reading.record) for reading in read_all(path)])
    return target.read_bytes()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ["all", "minimal"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_csv_is_written_as_the_original_is(
    delimiter: str, quote: str, encoding: str, line_end: str, tmp_path: Path
) -> None:
    write_original(tmp_path / "a.csv", delimiter, quote, encoding, line_end)
    before = (tmp_path / "a.csv").read_bytes().decode(encoding).split(line_end)
    tagged = tag(tmp_path / "a.csv", tmp_path / "b.csv").decode(encoding)
    mark = '"' if quote == "all" else ""
    added = [["design:rct", "design:rct robot"], *[["true", "robot 1.2"]] * 2]
    assert tagged.split(line_end) == [
        *(
            line + "".join(f"{delimiter}{mark}{cell}{mark}" for cell in cells)
            for line, cells in zip(before, added, strict=False)
        ),
        "",
    ]
    assert (tmp_path / "b.csv").read_bytes().startswith(codecs.BOM_UTF8) == (encoding == "utf-8-sig")


def test_the_line_that_names_the_delimiter_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"sep=;\r\nTitle;Year\r\nA;2003\r\n")
    written = b"sep=;\r\nTitle;Year;design:rct;design:rct robot\r\nA;2003;true;robot 1.2\r\n"
    assert tag(tmp_path / "a.csv", tmp_path / "b.csv") == written
    assert tag(tmp_path / "b.csv", tmp_path / "c.csv") == written


def test_an_encoding_without_a_character_of_the_annotation_becomes_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Title;Year\nGröße;2003\n".encode("cp1252"))
    tagged = tag(tmp_path / "a.csv", tmp_path / "b.csv", label="≥ 5")
    assert tagged.startswith(codecs.BOM_UTF8)
    assert tagged.decode("utf-8-sig").splitlines()[1] == "Größe;2003;true;robot 1.2"


@pytest.mark.parametrize(
    ("original", "target", "delimiter", "mark"),
    [
        ("a.tsv", "b.tsv", "\t", b""),
        ("a.tsv", "b.csv", ",", codecs.BOM_UTF8),
        ("a.csv", "b.tsv", "\t", codecs.BOM_UTF8),
    ],
)
def test_a_file_of_another_kind_is_written_for_excel(
    original: str, target: str, delimiter: str, mark: bytes, tmp_path: Path
) -> None:
    separator = "\t" if original == "a.tsv" else ";"
    (tmp_path / original).write_bytes(f"Title{separator}Year\nA{separator}2003\n".encode())
    tagged = tag(tmp_path / original, tmp_path / target)
    assert tagged.startswith(mark + f"Title{delimiter}Year{delimiter}design:rct".encode())


@settings(deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab \"';,|\t=-é\n"), max_size=6), min_size=2, max_size=2),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_writing_again_what_was_written_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], delimiter: str, encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    quoted = delimiter.join('"' + cell.replace('"', '""') + '"' for cell in ("t" + cells[0], cells[1]))
    (folder / "a.csv").write_bytes(f"Title{delimiter}Note\nx{delimiter}\n{quoted}\nlast{delimiter}\n".encode(encoding))
    first = tag(folder / "a.csv", folder / "b.csv")
    assert tag(folder / "b.csv", folder / "c.csv") == first
