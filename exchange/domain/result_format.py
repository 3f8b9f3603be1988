"""Faults of a result file as a whole, found in its first bytes, and the byte order mark.

RFC 8259, section 8.1, allows a reader of JSON to ignore a byte order mark at the start. PowerShell and some editors
write one.
"""

from exchange.contract.json_input import BYTE_ORDER_MARK

_UTF_16_STARTS = (b"\xff\xfe", b"\xfe\xff")
_COMPRESSION_STARTS = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
# How many of the first bytes are examined. They include the longest of the starts above.
START_BYTES = 64


def find_format_fault(start: bytes, *, entries: int, rejected: int) -> str | None:
    """Return what is wrong with the format of a file with these first bytes. None if they look like JSON lines.

    A file with an entry that was not rejected has the right format, whatever its first line is.
    """
    return _find_other_format(start) if rejected == entries else None


def find_encoding_fault(start: bytes, name: str) -> str | None:
    """Return why a file that begins with these bytes is not UTF-8 text. `name` begins the sentence."""
    if start.startswith(_UTF_16_STARTS):
        return f"{name} is encoded in UTF-16. It must be UTF-8."
    for magic, compression in _COMPRESSION_STARTS.items():
        if start.startswith(magic):
            return f"{name} is compressed ({compression}). Upload it without compression."
    return None


def _find_other_format(start: bytes) -> str | None:
    fault = find_encoding_fault(start, "The result file")
    if fault is not None:
        return fault
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    if text.startswith(b"["):
        return "The result file is one JSON array. Each entry must be one JSON object on one line."
    if text.partition(b"\n")[0].strip() == b"{" and b"\n" in text:
        return "The result file has JSON objects that span several lines. Each entry must be on one line."
    return None
