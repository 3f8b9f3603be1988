"""No part of a file takes more than linear time. The bounds are generous: quadratic time is many times as long."""

import time
from pathlib import Path

import pytest

from exchange.domain.errors import InputRejected
from exchange.formats import Fault, Format, Record, Row, read_references, write_references
from exchange.formats.bibtex_output import format_bibtex
from tests.unit.formats.files import make_reference

MAX_SECONDS = 2.0
COUNT = 100_000
GAPS = [" ", "\n", ";", "("]


def measure_round_trip(path: Path, form: Format) -> float:
    start = time.process_time()
    readings = list(read_references(path, form))
    rows = [Row(make_reference(), reading.record) for reading in readings if not isinstance(reading, Fault)]
    for suffix in ("ris", "bib", "csv"):
        write_references(path.with_suffix(f".out.{suffix}"), "auto", rows)
    return time.process_time() - start


@pytest.mark.parametrize("gap", GAPS, ids=ascii)
@pytest.mark.parametrize(
    ("form", "start", "end"),
    [
        (Format.RIS, "", "\nTY  - JOUR\nTI  - A\nER  - \n"),
        *((Format.RIS, f"TY  - JOUR\nTI  - A\n{tag}  - 1", "x\nER  - \n") for tag in ("AU", "UR", "SN", "SP", "KW")),
        *((Format.NBIB, f"PMID- 1\nTI  - A\n{tag}- 1", "x\n") for tag in ("IS  ", "PG  ", "DP  ", "LID ")),
        *(
            (Format.CSV, f'Title,{name}\nA,"1', 'x"\n')
            for name in ("Authors", "ISSN", "Pages", "URL", "Keywords", "Volume", "Date", "Notes")
        ),
        *(
            (Format.BIBTEX, f"@article{{k, title = {{A}}, {name} = {{1", "x}\n}\n")
            for name in ("author", "keywords", "pages", "issn", "url", "note")
        ),
        (Format.BIBTEX, "@article{k, title = {A}} ", "x"),
        (Format.BIBTEX, "", "x\n@article{k, title = {A}}"),
    ],
)  # fmt: skip
def test_reading_and_writing_take_linear_time(form: Format, start: str, end: str, gap: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(start + gap * COUNT + end)
    assert measure_round_trip(path, form) < MAX_SECONDS


@pytest.mark.parametrize("gap", ["\n", " ", "\n \n"])
def test_the_format_is_detected_in_linear_time(gap: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x" + gap * 60_000 + "x")
    start = time.process_time()
    with pytest.raises(InputRejected):
        read_references(path)
    assert time.process_time() - start < MAX_SECONDS


def test_an_abstract_with_many_lines_is_written_in_linear_time() -> None:
    original = Record(file="a", line=1, format=Format.RIS, title="A", abstract="a" + "\n" * COUNT + "b")
    start = time.process_time()
    format_bibtex(Row(make_reference(), original), 1)
    assert time.process_time() - start < MAX_SECONDS
