import csv
import time
from pathlib import Path

import pytest

from exchange.files.cells import protect_cell, restore_cell
from exchange.formats import Fault, Reading, read_references
from tests.unit.formats.files import read_records
from tests.unit.formats.test_streaming import MAX_PEAK_BYTES, measure_peak

NUMBERS = ["-3.5", "+44", "-0,5", "-1e-5"]


def test_lines_that_keep_a_row_open_take_linear_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title,year\n" + 'a","\n' * 20_000 + "last,2003\n")
    start = time.process_time()
    found = list(read_references(path))
    assert time.process_time() - start < 5
    assert [reading.record.title for reading in found if isinstance(reading, Reading)] == ["last"]
    assert len(found) == 20_001
    fault = found[0]
    assert isinstance(fault, Fault)
    assert (fault.line, fault.reason) == (2, "The row cannot be read: a quote is not closed.")


def test_a_row_that_stays_open_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    header = ",".join(["title", *(f"c{number}" for number in range(3000))])
    path.write_text(f"{header}\n" + (f'{"x" * 10_000}","\n' * 1500) + "last\n")
    found = read_references(path)
    with measure_peak() as peak:
        fault = next(found)
        assert isinstance(fault, Fault)
        assert fault.reason == "The row cannot be read: it is longer than 4,194,304 characters."
        assert peak() < 8 * MAX_PEAK_BYTES


def test_a_row_on_several_lines_may_have_all_cells_of_the_header(tmp_path: Path) -> None:
    rows = [["Title", "Abstract", "Notes"], ['a\n"b', 'c\n",d",\n', "\n\n"], ["e", ",\n,\n,", '"\n"']]
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert [[value for _, value in record.raw] for record in read_records(tmp_path / "a.csv")] == rows[1:]


@pytest.mark.parametrize("cell", [*NUMBERS, "=1", "+44 1", "-1-1", "'-3.5", "'+44 1", "-", "+1.", "-3.5\n"])
def test_only_plain_numbers_are_written_without_an_apostrophe(cell: str) -> None:
    assert restore_cell(protect_cell(cell)) == cell
    assert (protect_cell(cell) == cell) == (cell in NUMBERS)


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "\ufeffSEP=;"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_first_line_may_name_the_separator(first: str, line_end: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(line_end.join([first, "Title;A,B,C,Year", "x;y", ""]), newline="")
    (record,) = read_records(tmp_path / "a.txt")
    assert (record.line, record.raw) == (3, (("Title", "x"), ("A,B,C,Year", "y")))
