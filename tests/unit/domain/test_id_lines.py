"""Reading an uploaded list of reference ids."""

import json
import re
import tracemalloc
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from exchange.domain.errors import InputRejected, TooLarge
from exchange.domain.id_lines import IdLines
from exchange.domain.ids import derive_id

IDS = [derive_id(number) for number in range(4)]
TEXT = "".join(f"{item}\n" for item in IDS)


def read(content: bytes, piece: int = 7, limit: int = 100) -> list[UUID]:
    """Read a list in pieces. Raises InputRejected."""
    lines = IdLines(limit)
    found = [item for start in range(0, len(content), piece) for item in lines.read(content[start : start + piece])]
    found += lines.end()
    lines.find_repeated()
    lines.faults.check()
    return [item.id for item in found]


@pytest.mark.parametrize("piece", [16, 41, 1 << 20])
@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.strip().encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", " \n\n\t\n").encode(),
        TEXT.upper().encode(),
        TEXT.replace("-", "").encode(),
        "".join(json.dumps(str(item)) + "\n" for item in IDS).encode(),
        "".join(json.dumps({"id": str(item), "line": 1, "title": "ä" * 1000}) + "\n" for item in IDS).encode(),
        "".join(json.dumps({"id": str(uuid4()), "reference_id": str(item)}) + "\n" for item in IDS).encode(),
        b'{"line": 1, "id": null, "error": "No identifier."}\n' + TEXT.encode(),
    ],
)
def test_a_line_is_an_id_or_json_with_an_id(content: bytes, piece: int) -> None:
    assert read(content, piece) == IDS


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"abc", "'abc' is not the id of a reference"),
        (b"00000000-0000-1000-8000-000000000000", "'00000000-0000-1000-8000-000000000000' is not the id"),
        (b"\x00\x00", "'' is not the id"),
        (b"\xff\xfe", "is not the id"),
        (b"[", "'[' is not the id"),
        (b"{", "'{' is not the id"),
        (b'{"id": 5}', "is not the id"),
        (b'{"id": "abc"}', "is not the id"),
        (b'{"id": ' + b"[" * 60_000 + b"}", "is not the id"),
        (b'"abc"', "is not the id"),
        (b"x" * 70_000, "it is longer than 65536 bytes"),
        (str(IDS[0]).encode(), f"{IDS[0]} is repeated"),
        (str(IDS[0]).upper().encode(), f"{IDS[0]} is repeated"),
    ],
)
def test_a_fault_names_the_line(line: bytes, reason: str) -> None:
    with pytest.raises(InputRejected, match=f"has 1 fault: line 3: .*{re.escape(reason)}") as caught:
        read(f"{IDS[0]}\n\n".encode() + line + f"\n{IDS[1]}".encode(), piece=1 << 20)
    assert len(str(caught.value)) < 300


def test_the_first_ten_faults_are_named() -> None:
    lines = [str(IDS[0]), *(f"wrong {number}" for number in range(2, 30)), str(IDS[0])]
    with pytest.raises(InputRejected) as caught:
        read("\n".join(lines).encode())
    text = str(caught.value)
    assert text.startswith("The list of references has 29 faults. The first 10: line 2: 'wrong 2'")
    assert re.findall(r"line (\d+):", text) == [str(number) for number in range(2, 12)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b" + bytes(50), "gzip"),
        (b"PK\x03\x04" + bytes(50), "zip"),
    ],
)
def test_a_file_in_another_encoding_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(InputRejected, match=words):
        read(content)


def test_a_list_may_have_a_number_of_ids() -> None:
    assert read(TEXT.encode(), limit=4) == IDS
    with pytest.raises(TooLarge, match="at most 3 ids"):
        read(TEXT.encode(), limit=3)


def test_a_long_list_takes_little_memory() -> None:
    def write() -> Iterator[bytes]:
        for start in range(0, 100_000, 1000):
            yield "".join(f"{derive_id(number)}\n" for number in range(start, start + 1000)).encode()

    lines = IdLines(100_000)
    tracemalloc.start()
    try:
        count = sum(len(lines.read(piece)) for piece in write())
        lines.find_repeated()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    lines.faults.check()
    assert count == 100_000
    assert peak < 100_000 * 40
