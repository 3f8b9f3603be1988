import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exchange.formats import Fault, Row, read_references, write_references
from tests.unit.formats.files import DATA

COPIES = {
    "ris": ("zotero.ris", 600),
    "nbib": ("pubmed.nbib", 900),
    "jsonl": ("native.jsonl", 400),
    "bib": ("zotero.bib", 60),
}
MAX_PEAK_BYTES = 3 << 20


@contextmanager
def measure_peak() -> Iterator[Callable[[], int]]:
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def count(path: Path) -> int:
    return sum(not isinstance(found, Fault) for found in read_references(path))


def repeat(path: Path, name: str, copies: int) -> int:
    text = (DATA / name).read_text()
    path.write_text("\n".join([text] * copies))
    return copies * 2


@pytest.mark.parametrize("suffix", COPIES)
def test_the_memory_does_not_grow_with_the_file(suffix: str, tmp_path: Path) -> None:
    name, copies = COPIES[suffix]
    path = tmp_path / f"a.{suffix}"
    peaks = []
    for times in (1, 4):
        expected = repeat(path, name, copies // 4 * times)
        count(path)  # what is made once, for example compiled patterns, is made now
        with measure_peak() as peak:
            assert count(path) == expected
            peaks.append(peak())
    assert peaks[1] < peaks[0] + (200 << 10)
    assert peaks[1] < MAX_PEAK_BYTES


def test_the_memory_does_not_grow_with_csv_and_xml(tmp_path: Path) -> None:
    header, _, rows = (DATA / "zotero.csv").read_text().partition("\n")
    (tmp_path / "a.csv").write_text(f"{header}\n{rows * 500}")
    text = (DATA / "pubmed.xml").read_text()
    start, end = text.index("<PubmedArticle>"), text.index("</PubmedArticleSet>")
    (tmp_path / "a.xml").write_text(text[:start] + text[start:end] * 200 + text[end:])
    for name, expected in [("a.csv", 500), ("a.xml", 400)]:
        with measure_peak() as peak:
            assert count(tmp_path / name) == expected
            assert peak() < MAX_PEAK_BYTES


@pytest.mark.parametrize("suffix", ["ris", "csv"])
def test_writing_keeps_no_rows(suffix: str, tmp_path: Path) -> None:
    repeat(tmp_path / "in.ris", "zotero.ris", 400)
    readings = (found for found in read_references(tmp_path / "in.ris") if not isinstance(found, Fault))
    with measure_peak() as peak:
        assert (
            write_references(
                tmp_path / f"out.{suffix}", suffix, (Row(found.reference, found.record) for found in readings)
            )
            == 800
        )
        assert peak() < MAX_PEAK_BYTES
