"""The encoding of text files, and their lines."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

_CHUNK_BYTES = 1 << 16
MAX_RECORD_CHARACTERS = 4 << 20
# A line without an end must not be read as a whole. A line that comes in parts is longer than a record may be.
_MAX_READ_CHARACTERS = MAX_RECORD_CHARACTERS + 1

_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")


def _mark_damage(error: UnicodeError) -> tuple[str, int]:
    """Decode invalid bytes of UTF-16 to a lone surrogate. The handlers of Python raise, or hide the damage."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


_MARK_DAMAGE = "exchange.mark_damage"
codecs.register_error(_MARK_DAMAGE, _mark_damage)


def detect_encoding(path: Path) -> str:
    """Return the encoding of the file: by its byte order mark, else UTF-8 if its content is, else Windows-1252.

    A file with more valid than invalid sequences of UTF-8 is damaged UTF-8. In text of another encoding they are rare.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    try:
        for _ in _decode(path, "strict"):
            pass
    except UnicodeDecodeError:
        valid = invalid = 0
        for text in _decode(path, "surrogateescape"):
            valid += len(_BEYOND_ASCII.findall(text))
            invalid += len(_ESCAPED_BYTE.findall(text))
        return "utf-8" if valid > invalid else "cp1252"
    return "utf-8"


def _decode(path: Path, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def open_text(path: Path, newline: str | None = None) -> TextIO:
    """Open the file in its encoding. Bytes that are invalid in it become lone surrogates."""
    encoding = detect_encoding(path)
    errors = _MARK_DAMAGE if encoding == "utf-16" else "surrogateescape"
    return path.open(encoding=encoding, errors=errors, newline=newline)


def read_lines(text: TextIO, max_characters: int = _MAX_READ_CHARACTERS) -> Iterator[tuple[int, str]]:
    """Yield the lines with their numbers. A longer line comes in several parts with the same number."""
    number = 1
    while line := text.readline(max_characters):
        yield number, line
        if line.endswith(("\n", "\r")):
            number += 1


def find_damage(text: str) -> str | None:
    """Return the reason why the text of a record is not the text that was written. None if it is."""
    if not text.isascii() and _SURROGATE.search(text):
        return "The record has characters that are not valid in the encoding of the file. Save the file as UTF-8."
    return None
