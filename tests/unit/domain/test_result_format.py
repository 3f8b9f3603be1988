import gzip
import io
import json
import zipfile

import pytest

from exchange.domain.result_format import START_BYTES, find_format_fault

ENTRY = {"reference_id": "ca543653-cbe9-4deb-9307-721011060625", "message": "no"}
LINES = f"{json.dumps(ENTRY)}\n" * 3


def zipped(content: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("result.jsonl", content)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        LINES.encode(),
        b"\xef\xbb\xbf" + LINES.encode(),
        b"\r\n  " + LINES.encode(),
        b"not JSON\n",
        b"{",
        json.dumps(ENTRY).encode(),
    ],
)
def test_json_lines_and_other_text_have_no_format_fault(content: bytes) -> None:
    assert find_format_fault(content[:START_BYTES], entries=1, rejected=1) is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LINES.encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + LINES.encode("utf-16-be"), "UTF-16"),
        (gzip.compress(LINES.encode(), mtime=0), "compressed (gzip)"),
        (zipped(LINES), "compressed (zip)"),
        (json.dumps([ENTRY, ENTRY]).encode(), "one JSON array"),
        (json.dumps([ENTRY, ENTRY], indent=2).encode(), "one JSON array"),
        (b"\xef\xbb\xbf[" + json.dumps(ENTRY).encode() + b"]", "one JSON array"),
        (json.dumps(ENTRY, indent=2).encode(), "span several lines"),
        (b"\r\n{\r\n" + json.dumps(ENTRY)[1:].encode(), "span several lines"),
    ],
)
def test_a_file_in_another_format_is_named(content: bytes, words: str) -> None:
    assert words in (find_format_fault(content[:START_BYTES], entries=1, rejected=1) or "")


@pytest.mark.parametrize("content", [json.dumps([ENTRY]).encode(), json.dumps(ENTRY, indent=2).encode()])
def test_json_that_is_not_one_object_per_line_is_told_to_be(content: bytes) -> None:
    assert "on one line." in (find_format_fault(content[:START_BYTES], entries=1, rejected=1) or "")


def test_a_file_with_a_usable_entry_has_the_right_format() -> None:
    content = b"[\n" + LINES.encode()
    assert find_format_fault(content[:START_BYTES], entries=4, rejected=1) is None
    assert "one JSON array" in (find_format_fault(content[:START_BYTES], entries=4, rejected=4) or "")
