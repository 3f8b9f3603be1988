from pathlib import Path

import pytest

from exchange.formats import Fault, Format, Reading, Record, Row, read_references, write_references
from exchange.formats.bibtex_output import format_bibtex
from tests.unit.formats.files import boolean, make_reference, read_records

STRAY = "These lines belong to no entry: an entry begins with @, its type and a brace."
TAGGED = make_reference(boolean("rct", value=True))


def read(path: Path, text: str) -> list[tuple[int, str]]:
    """Return the line of each entry with its title, and of each fault with its reason."""
    path.write_text(text)
    return [
        (found.record.line, found.record.title) if isinstance(found, Reading) else (found.line, found.reason)
        for found in read_references(path, Format.BIBTEX)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "@article{k,\n title={A}\n}@article{k2,\n title={B}\n}\n\n@article{k3,title={C}}",
            [(1, "A"), (3, "B"), (7, "C")],
        ),
        ("@article{k,title={A}} @article{k2,title={B}}", [(1, "A"), (1, "B")]),
        ("@article{k,title={A}}@article{k,title={B}}", [(1, "A"), (1, "B")]),
        ("@string{j={J}} @article{k,title={A}}", [(1, "A")]),
        ("@comment{x} @article{k,title={A}}", [(1, "A")]),
        ("Exported @article{k,title={A}}\n", [(1, "A")]),
        ("@article{k,title={A}} @data_set{k2,title={B}}", [(1, "A"), (1, "B")]),
        ("@article{k,title={A}, title={B}}@misc{k2,title={C}}", [(1, "A"), (1, "C")]),
    ],
)
def test_every_entry_is_read(text: str, expected: list[tuple[int, str]], tmp_path: Path) -> None:
    assert read(tmp_path / "a.bib", text) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("@article\n{k, title={Lost}}\n@article{k,title={A}}", 1),
        ("@article{k,title={A}} , year = {2001}}", 1),
        ("@article{k,title={A}}\n\n@article [k,title={Lost}]", 3),
        ("@comment{open @article{k,title={Lost}}\n@article{k,title={A}}", 1),
        ("@string{open = {J}\n@article{k,title={A}}", 1),
    ],
)
def test_text_that_may_be_an_entry_is_a_fault(text: str, line: int, tmp_path: Path) -> None:
    found = read(tmp_path / "a.bib", text)
    assert [title for _, title in found if title == "A"] == ["A"]
    assert [number for number, title in found if title != "A"] == [line]


def test_other_text_outside_of_the_entries_is_a_comment(tmp_path: Path) -> None:
    text = "% Encoding: UTF-8\nmade by a@b.org\n\n@comment{jabref-meta: {x};}\n@article{k,title={A}} more\n"
    assert read(tmp_path / "a.bib", text) == [(5, "A")]


CONCATENATED = """@string{j = "J. Foo"}
@string{long = j # { Bar}}
@article{k,
  title = "a" # " b",
  journal = long # " Suppl",
  note = {one # two},
  month = mar # "~1",
  year = 2001,
  author = {A "#" B}
}
"""


def test_parts_that_are_concatenated_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.bib"
    path.write_text(CONCATENATED)
    (record,) = read_records(path)
    assert (record.title, record.journal, record.notes) == ("a b", "J. Foo Bar Suppl", ("one # two",))
    assert (record.year, record.authors) == ("2001", ('A "#" B',))


def write(path: Path, records: list[Record]) -> str:
    write_references(path, "bibtex", [Row(TAGGED, record) for record in records])
    return path.read_text()


def test_original_values_keep_their_delimiters(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_text(CONCATENATED)
    written = write(tmp_path / "b.bib", read_records(tmp_path / "a.bib"))
    for line in [
        'title = "a" # " b",',
        'journal = "J. Foo" # { Bar} # " Suppl",',
        'month = mar # "~1",',
        "year = 2001,",
        "note = {one # two},",
    ]:
        assert f"  {line}\n" in written
    assert write(tmp_path / "c.bib", read_records(tmp_path / "b.bib")) == written


def test_a_note_keeps_its_lines_when_annotations_are_added(tmp_path: Path) -> None:
    note = "first\n\n    indented\nlast "
    (tmp_path / "a.bib").write_text(f"@misc{{k, title = {{A}}, annote = {{{note}}}}}\n")
    written = write(tmp_path / "b.bib", read_records(tmp_path / "a.bib"))
    assert f"annote = {{{note}\nAnnotations: " in written
    assert write(tmp_path / "c.bib", read_records(tmp_path / "b.bib")) == written


def test_strings_that_repeat_others_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_text(
        '@string{a0 = "0123456789"}\n'
        + "".join(f"@string{{a{number} = a{number - 1} # a{number - 1}}}\n" for number in range(1, 60))
        + f"@misc{{k, title = {' # '.join(['a16'] * 60)}}}\n@misc{{k, title = {{A}}}}\n"
    )
    found = list(read_references(tmp_path / "a.bib"))
    assert {one.reason for one in found if isinstance(one, Fault)} == {
        "The record is longer than 4,194,304 characters."
    }
    assert [one.record.title for one in found if isinstance(one, Reading)] == ["A"]


@pytest.mark.parametrize(
    ("text", "expected"), [("a\n \n  @b(c)\n\n  d", "a @b(c)\n\n  d"), ("a\r@b(c)", "a @b(c)"), ("\n@b", " @b")]
)
def test_no_line_of_a_value_begins_with_an_at(text: str, expected: str) -> None:
    original = Record(file="a", line=1, format=Format.RIS, title="A", abstract=text)
    assert f"abstract = {{{expected}}}" in format_bibtex(Row(make_reference(), original), 1)
