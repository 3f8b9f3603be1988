import time
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from exchange.domain.errors import InputRejected
from exchange.formats import Fault, Reading, Row, read_references, write_references
from tests.unit.formats.files import make_reference, read_records

HEADER = ["Title", "Year", "Read", "Score", "When", "At", "Notes"]
VALUES = ["A", 2020, True, 0.5, datetime(2021, 3, 4), datetime(2021, 3, 4, 5, 6), "  padded "]  # noqa: DTZ001


def make_workbook(path: Path, *rows: list[object], cell: str = "A1", value: str = HEADER[0]) -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for row in rows:
        sheet.append(row)
    sheet[cell] = value
    workbook.save(path)


def test_values_keep_their_types_in_a_workbook(tmp_path: Path) -> None:
    make_workbook(tmp_path / "a.xlsx", list(HEADER), list(VALUES))
    (record,) = read_records(tmp_path / "a.xlsx")
    write_references(tmp_path / "b.xlsx", "xlsx", [Row(make_reference(), record)])
    _, written = load_workbook(tmp_path / "b.xlsx").worksheets[0].iter_rows(values_only=True)
    assert list(written) == VALUES
    assert [type(value) for value in written] == [type(value) for value in VALUES]
    write_references(tmp_path / "a.csv", "csv", [Row(make_reference(), record)])
    assert [value for _, value in read_records(tmp_path / "a.csv")[0].raw] == [
        "A", "2020", "true", "0.5", "2021-03-04", "2021-03-04T05:06:00", "padded",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [" ", "stray"])
@pytest.mark.parametrize("cell", ["XFD1048576", "XFD30000", "AAA30000"])
def test_a_stray_cell_costs_no_time(cell: str, value: str, tmp_path: Path) -> None:
    make_workbook(tmp_path / "a.xlsx", ["Title"], ["A"], cell=cell, value=value)
    start = time.process_time()
    first, *others = read_references(tmp_path / "a.xlsx")
    assert time.process_time() - start < 3
    assert isinstance(first, Reading)
    assert [isinstance(other, Fault) and "cells, but the header has 1." in other.reason for other in others] == [
        True
    ] * (value == "stray")


def test_a_row_beyond_the_last_one_of_a_sheet_is_refused(tmp_path: Path) -> None:
    make_workbook(tmp_path / "a.xlsx", ["Title"], ["A"], ["B"])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b'r="3"', b'r="2000000000"').replace(b'r="A3"', b'r="A2000000000"')
            target.writestr(name, content)
    with pytest.raises(InputRejected, match="has more than 1,048,576 rows"):
        list(read_references(tmp_path / "b.xlsx"))
