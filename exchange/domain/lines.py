"""Splitting a byte stream into lines."""

import sys
from collections.abc import Iterator


class LineSplitter:
    """Splits a stream into lines without their line feeds. Never holds more than one line of the maximum length.

    A longer line is yielded as None when its end is seen. Its bytes are dropped as they arrive. A longer line that is
    all white space is yielded as an empty line, because blank lines do not count.
    """

    def __init__(self, max_bytes: int | None = None) -> None:
        self._max_bytes = sys.maxsize if max_bytes is None else max_bytes
        self._rest = bytearray()
        self._dropping = False
        self._blank = True

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """Yield each line that ends in this piece of the stream. Exhaust the iterator before feeding the next piece."""
        *complete, rest = data.split(b"\n")
        started = self._dropping or bool(self._rest)
        for piece in complete:
            # Nearly every line lies within one piece and is not copied again.
            if started or len(piece) > self._max_bytes:
                started = False
                yield self._end(piece)
            else:
                yield piece
        self._keep(rest)

    def end(self) -> Iterator[bytes | None]:
        """Yield the last line if the stream does not end with a line feed."""
        if self._rest or self._dropping:
            yield self._end(b"")

    def _end(self, piece: bytes) -> bytes | None:
        self._keep(piece)
        line = bytes(self._rest) if not self._dropping else b"" if self._blank else None
        self._rest.clear()
        self._dropping, self._blank = False, True
        return line

    def _keep(self, piece: bytes) -> None:
        if len(self._rest) + len(piece) > self._max_bytes:
            self._blank = self._blank and not self._rest.strip()
            self._dropping = True
            self._rest.clear()
        if self._dropping:
            self._blank = self._blank and not piece.strip()
        if not self._dropping:
            self._rest += piece
