import gzip
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.errors import InputRejected
from exchange.formats import Fault, Format, Reading, Row, read_references, write_references
from tests.unit.formats.files import DATA, read_all, read_records

NOTHING = "The record has no title, no abstract and no valid identifier."
GOOD = ["The first good record", "The last record"]


def read_faults(path: Path) -> list[tuple[int, str]]:
    return [(found.line, found.reason) for found in read_references(path) if isinstance(found, Fault)]


def read_titles(path: Path) -> list[str]:
    return [found.record.title for found in read_references(path) if isinstance(found, Reading)]


def test_faults_of_ris() -> None:
    stray = "These lines belong to no record: a record begins with TY."
    assert read_faults(DATA / "broken.ris") == [(1, stray), (7, NOTHING), (11, stray)]
    assert read_titles(DATA / "broken.ris") == [GOOD[0], "A record without its end", GOOD[1]]


def test_faults_of_bibtex() -> None:
    assert read_faults(DATA / "broken.bib") == [
        (2, "The entry is not BibTeX: a brace or a quote is not closed."),
        (
            3,
            "The entry is not BibTeX: Expected a `=` after entry key `title`, but found the end of the entry (`}`).",
        ),
        (4, NOTHING),
    ]
    assert read_titles(DATA / "broken.bib") == GOOD


def test_faults_of_csv() -> None:
    assert read_faults(DATA / "broken.csv") == [
        (3, "The row cannot be read: a quote is not closed."),
        (5, "The row has 5 cells, but the header has 3."),
        (6, NOTHING),
    ]
    assert read_titles(DATA / "broken.csv") == [GOOD[0], "The record after the quote", GOOD[1]]


def test_a_quote_that_swallows_the_next_row_costs_only_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('title,year\n"open,2001\nnext,"2002"\nlast,2003\n')
    assert [line for line, _ in read_faults(path)] == [2]
    assert read_titles(path) == ["next", "last"]


def test_faults_of_jsonl() -> None:
    faults = read_faults(DATA / "broken.jsonl")
    assert [line for line, _ in faults] == [2, 3, 4]
    assert faults[0][1] == "The line is not a reference: Invalid JSON: EOF while parsing an object at column 71."
    assert faults[1][1].startswith("The line is not a reference: identifiers.0.identifier: ")
    assert len(read_titles(DATA / "broken.jsonl")) == 2


def test_what_follows_an_error_of_xml_is_lost_and_what_precedes_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    text = (DATA / "pubmed.xml").read_text()
    path.write_text(text.replace("A second record</ArticleTitle>", "A second record"))
    assert read_faults(path) == [(41, "The rest of the file is not XML: mismatched tag.")]
    assert len(read_titles(path)) == 1


def test_entities_of_xml_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    text = (DATA / "pubmed.xml").read_text()
    start, end = text.index("PUBLIC"), text.index(".dtd") + len('.dtd"')
    path.write_text(text[:start] + '[<!ENTITY a "aaaa">]' + text[end:])
    assert read_faults(path) == [
        (2, "The file was refused. It declares entities, which could make it arbitrarily large.")
    ]


def test_what_follows_an_error_of_a_json_list_is_lost_and_what_precedes_it_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text((DATA / "openalex.json").read_text().replace('"not a work",', '"not a work"'))
    assert read_faults(path) == [
        (26, "The record is not a JSON object."),
        (27, "The rest of the file is not JSON: expected a comma or ]."),
    ]
    assert len(read_titles(path)) == 1


@pytest.mark.parametrize(
    "content", ["[", "[1", '{"results"', '{"results": [{"id": 1}', "[" * 100_000, '{"id": "https://openalex.org/W1"']
)
def test_json_that_cannot_be_read_is_a_fault(content: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert [found for found in read_references(path, Format.OPENALEX) if isinstance(found, Fault)] != []


def test_identifiers_that_are_not_valid_are_left_out_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "title,doi,pmid,openalex,url\nA,doi:10.5555/a b,12x,V1,ftp://a\nB,https://doi.org/10.5555/B,7,W1,\n"
    )
    first, second = read_references(path)
    assert isinstance(first, Reading)
    assert first.reference.identifiers is None
    assert first.warnings == (
        "The address 'ftp://a' is not an http or https URL and was left out.",
        "The DOI 'doi:10.5555/a b' is not valid and was left out.",
        "The PubMed ID '12x' is not valid and was left out.",
        "The OpenAlex ID 'V1' is not valid and was left out.",
    )
    assert isinstance(second, Reading)
    assert [identifier.identifier for identifier in second.reference.identifiers or []] == ["10.5555/B", 7, "W1"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a.ris is empty."),
        (b"\xef\xbb\xbf \r\n", "a.ris is empty."),
        (gzip.compress(b"TY  - JOUR", mtime=0), "a.ris is compressed. Decompress it first."),
        (b"%PDF-1.7", "a.ris is a PDF file."),
        (b"\xd0\xcf\x11\xe0\xa1", "a.ris is a workbook or document of an old version of Office."),
        (b"\n<!DOCTYPE html><html>TY  - JOUR", "a.ris is a web page."),
        (b"<?xml version='1.0'?><records/>", "a.ris is XML, but not of PubMed."),
        (b'{"a": 1}', "a.ris is JSON, but not of OpenAlex, Crossref or the exchange."),
        (b"\x00\x01\x02\x03", "a.ris is not a text file."),
    ],
)
def test_a_file_without_references_is_refused_with_one_sentence(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_bytes(content)
    with pytest.raises(InputRejected) as refused:
        read_references(path)
    assert str(refused.value).startswith(reason)


def test_an_archive_is_refused_and_a_damaged_workbook_too(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    for name, reason in [("a.ris", "is an archive"), ("xl/workbook.xml", "is not a readable XLSX file")]:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "nothing")
        with pytest.raises(InputRejected, match=reason):
            list(read_references(path))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="There is no file"):
        read_references(tmp_path / "missing.ris")
    with pytest.raises(InputRejected, match="cannot be read: Is a directory"):
        read_references(tmp_path)
    with pytest.raises(InputRejected, match=r"There is no format 'doc'\. The formats are: ris, bibtex, "):
        read_references(DATA / "zotero.ris", "doc")
    (tmp_path / "a.txt").write_text("some text\nand more\n")
    with pytest.raises(InputRejected, match=r"The format of a.txt was not recognised. Say which one it is."):
        read_references(tmp_path / "a.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("name", ["zotero.ris", "zotero.csv", "zotero.bib"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_reads_the_same(encoding: str, name: str, line_end: str, tmp_path: Path) -> None:
    text = (DATA / name).read_text(encoding="utf-8")
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(encoding, "")
    path = tmp_path / name
    path.write_bytes((mark + text.replace("\n", line_end)).encode(encoding))
    found, expected = read_records(path), read_records(DATA / name)
    assert [record.title for record in found] == [record.title for record in expected]
    assert found[0].authors == expected[0].authors
    assert found[-1].line == expected[-1].line


def test_a_damaged_record_in_utf_8_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    records = [f"TY  - JOUR\nTI  - Müller and Åsa {number}\nER  -\n".encode() for number in range(3)]
    path.write_bytes(records[0] + records[1].replace("ü".encode(), b"\xc3") + records[2])
    assert read_titles(path) == ["Müller and Åsa 0", "Müller and Åsa 2"]
    reason = "The record has characters that are not valid in the encoding of the file. Save the file as UTF-8."
    assert read_faults(path) == [(4, reason)]


def test_a_record_without_end_is_a_fault_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.ris"
    path.write_text("TY  - JOUR\nAB  - " + "x" * (5 << 20) + "\nER  -\nTY  - JOUR\nTI  - Next\nER  -\n")
    assert read_faults(path) == [(1, "The record is longer than 4,194,304 characters.")]
    assert read_titles(path) == ["Next"]


FILES = sorted(path for path in DATA.iterdir() if path.suffix != ".md")
MARKS = [
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b'"',
    b"\n",
    b"\r",
    b"\xef\xbb\xbf",
    b"<a>",
    b"\\u",
    b"\\",
    b"[",
    b",",
    b"9" * 5000,
]
ODD = [b"", b"TY  - ", b"ER  - ", b"@a{", *MARKS]
DAMAGES = st.lists(st.tuples(st.floats(0, 1), st.sampled_from(ODD), st.integers(0, 40)), max_size=5)


@given(st.sampled_from(FILES), DAMAGES)
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_refused_or_read_in_part(path: Path, damages: list[tuple[float, bytes, int]]) -> None:
    content = path.read_bytes()
    for place, added, removed in damages:
        start = int(place * len(content))
        content = content[:start] + added + content[start + removed :]
    with TemporaryDirectory() as folder:
        damaged = Path(folder) / path.name
        damaged.write_bytes(content)
        try:
            found = list(read_references(damaged))
        except InputRejected:
            return
        assert all("\n" not in fault.reason for fault in found if isinstance(fault, Fault))
        rows = [Row(reading.reference, reading.record) for reading in found if isinstance(reading, Reading)]
        for suffix in ("ris", "bib", "csv", "xlsx", "jsonl"):
            assert write_references(damaged.with_suffix(f".{suffix}"), "auto", rows) == len(rows)


@given(st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=8)), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_a_damaged_workbook_is_refused_or_read_in_part(damages: list[tuple[float, bytes]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        rows = [Row(reading.reference, reading.record) for reading in read_all(DATA / "zotero.csv")]
        write_references(path, "xlsx", rows)
        content = path.read_bytes()
        for place, replacement in damages:
            start = int(place * len(content))
            content = content[:start] + replacement + content[start + len(replacement) :]
        path.write_bytes(content)
        with suppress(InputRejected):
            list(read_references(path, "xlsx"))


def test_half_a_surrogate_pair_is_a_fault(tmp_path: Path) -> None:
    works = '{"id": "https://openalex.org/W1", "keywords": [{"display_name": "\\ud83d"}]}\n{"id": "https://openalex.org/W2"}\n'
    for name, content in [("a.jsonl", works), ("a.json", f"[{works.strip()}]".replace("\n", ",\n"))]:
        (tmp_path / name).write_text(content)
        assert [line for line, _ in read_faults(tmp_path / name)] == [1]


def test_a_header_without_end_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title," + "x" * 2_000_000)
    with pytest.raises(InputRejected, match=r"The header of a\.csv cannot be read"):
        list(read_references(tmp_path / "a.csv", "csv"))


def test_a_text_with_the_end_of_an_archive_is_still_a_text(tmp_path: Path) -> None:
    end = b"PK\x05\x06" + b"\x01" * 18 + b" comment"
    record = b"TY  - JOUR\nTI  - A\nER  - \n"
    (tmp_path / "a.ris").write_bytes(record + end)
    assert read_titles(tmp_path / "a.ris") == ["A"]
    (tmp_path / "b.ris").write_bytes(b"PK\x03\x04" + record + end)
    with pytest.raises(InputRejected, match=r"b\.ris is a damaged archive\."):
        read_references(tmp_path / "b.ris")


@pytest.mark.parametrize("encoding", ["foo", "gb2312", "shift_jis", "utf-7", "idna", "hex"])
def test_an_encoding_that_xml_cannot_have_is_refused(encoding: str, tmp_path: Path) -> None:
    text = (DATA / "pubmed.xml").read_text()
    declaration, end, rest = text.partition("?>")
    assert declaration.startswith("<?xml")
    (tmp_path / "a.xml").write_text(f'<?xml version="1.0" encoding="{encoding}"{end}{rest}')
    with pytest.raises(InputRejected, match=r"a\.xml names an encoding that cannot be read\. Save it as UTF-8\."):
        list(read_references(tmp_path / "a.xml"))


def test_attributes_count_for_the_length_of_a_record(tmp_path: Path) -> None:
    text = (DATA / "pubmed.xml").read_text()
    (tmp_path / "a.xml").write_text(text.replace("<ArticleTitle>", f'<ArticleTitle a="{"x" * (5 << 20)}">', 1))
    assert [reason for _, reason in read_faults(tmp_path / "a.xml")] == [
        "The record is longer than 4,194,304 characters."
    ]
    assert len(read_titles(tmp_path / "a.xml")) == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("tail", [b"", b"x"])
def test_a_lone_surrogate_in_utf_16_costs_no_other_record(encoding: str, tail: bytes, tmp_path: Path) -> None:
    records = [f"TY  - JOUR\nTI  - {title}\nER  - \n" for title in ("A", "B\ud800", "C\U0001f600", "D")]
    text = "\ufeff" + "".join(records)
    (tmp_path / "a.ris").write_bytes(text.encode(encoding, "surrogatepass") + tail)
    assert read_titles(tmp_path / "a.ris") == ["A", "C\U0001f600", "D"]
    assert [line for line, _ in read_faults(tmp_path / "a.ris")] == ([4, 13] if tail else [4])


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [("a.ris", "TY  - JOUR\nTI  - A\nC1  - ", "\nER  - \n"), ("a.nbib", "PMID- 1\nTI  - A\nAD  - ", "\n")],
)
def test_a_long_value_has_no_line_break_inside(name: str, start: str, end: str, tmp_path: Path) -> None:
    value = "word " * 600_000 + "end"
    (tmp_path / name).write_text(start + value + end)
    (record,) = read_records(tmp_path / name)
    assert record.raw[2][1] == value
