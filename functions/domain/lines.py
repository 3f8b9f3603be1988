"""Lines of a byte stream, however its chunks fall."""

import sys
from collections.abc import Iterator


class LineSplitter:
    """Cuts chunks into lines, without their line feeds, and never holds more than one line of the allowed length.

    A longer line comes out as None, once, when its end is seen: its bytes are dropped as they arrive. One that is
    longer and nothing but blanks comes out empty, as a blank line is no line that says anything.
    """

    def __init__(self, longest: int | None = None) -> None:
        self._longest = sys.maxsize if longest is None else longest
        self._rest = bytearray()
        self._dropping = False
        self._blank = True

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield each line that ends in this chunk. Exhaust it before the next chunk is fed."""
        *ended, rest = chunk.split(b"\n")
        begun = self._dropping or bool(self._rest)
        for piece in ended:
            # Nearly every line lies whole in its chunk, and is copied no further.
            if begun or len(piece) > self._longest:
                begun = False
                yield self._end(piece)
            else:
                yield piece
        self._keep(rest)

    def end(self) -> Iterator[bytes | None]:
        """Yield the last line if the stream did not end in a line feed."""
        if self._rest or self._dropping:
            yield self._end(b"")

    def _end(self, piece: bytes) -> bytes | None:
        self._keep(piece)
        line = bytes(self._rest) if not self._dropping else b"" if self._blank else None
        self._rest.clear()
        self._dropping, self._blank = False, True
        return line

    def _keep(self, piece: bytes) -> None:
        if len(self._rest) + len(piece) > self._longest:
            self._blank = self._blank and not self._rest.strip()
            self._dropping = True
            self._rest.clear()
        if self._dropping:
            self._blank = self._blank and not piece.strip()
        if not self._dropping:
            self._rest += piece
