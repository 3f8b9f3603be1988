"""Faults of a result file as a whole, found in its first bytes, and the byte order mark.

RFC 8259, section 8.1, allows a reader of JSON to ignore a byte order mark at the start. PowerShell and some editors
write one.
"""

from exchange.contract.base import BYTE_ORDER_MARK

_COMPRESSED = "The result file is compressed ({}). Upload it without compression."
_UTF_16 = "The result file is encoded in UTF-16. It must be UTF-8."
_MULTI_LINE = "{} Each entry must be on one line, without line breaks inside."
_BY_START = (
    (b"\xff\xfe", _UTF_16),
    (b"\xfe\xff", _UTF_16),
    (b"\x1f\x8b", _COMPRESSED.format("gzip")),
    (b"PK\x03\x04", _COMPRESSED.format("zip")),
    (b"\x28\xb5\x2f\xfd", _COMPRESSED.format("zstd")),
    (b"BZh", _COMPRESSED.format("bzip2")),
    (b"\xfd7zXZ\x00", _COMPRESSED.format("xz")),
)
# The first bytes that are examined. They include the longest of the starts above.
START_BYTES = 64


def find_format_fault(start: bytes) -> str | None:
    """Return what is wrong with the whole file, given its first bytes. None if they look like JSON lines."""
    for magic, fault in _BY_START:
        if start.startswith(magic):
            return fault
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    if text.startswith(b"["):
        return _MULTI_LINE.format("The result file is one JSON array. It must have one JSON object per line.")
    if text.partition(b"\n")[0].strip() == b"{" and b"\n" in text:
        return _MULTI_LINE.format("The result file has JSON objects that span several lines.")
    return None
