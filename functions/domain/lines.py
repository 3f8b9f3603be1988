"""Lines of a byte stream, however its chunks fall."""

from collections.abc import Iterator


class LineSplitter:
    """Cuts chunks into lines, without their line feeds, and never holds more than one line of the allowed length.

    A longer line comes out as None, once, when its end is seen: its bytes are dropped as they arrive.
    """

    def __init__(self, longest: int | None = None) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._dropping = False

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield each line that ends in this chunk. Exhaust it before the next chunk is fed."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            yield self._end(piece)
        self._keep(rest)

    def end(self) -> Iterator[bytes | None]:
        """Yield the last line if the stream did not end in a line feed."""
        if self._rest or self._dropping:
            yield self._end(b"")

    def _end(self, piece: bytes) -> bytes | None:
        self._keep(piece)
        line = None if self._dropping else bytes(self._rest)
        self._rest.clear()
        self._dropping = False
        return line

    def _keep(self, piece: bytes) -> None:
        if self._longest is not None and len(self._rest) + len(piece) > self._longest:
            self._dropping = True
            self._rest.clear()
        if not self._dropping:
            self._rest += piece
