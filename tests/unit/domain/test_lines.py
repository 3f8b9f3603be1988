from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.domain.lines import LineSplitter

PIECES = st.lists(
    st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bc", b"\xff", "\u2028".encode(), b"longer than most"])).map(
        b"".join
    )
)


def split(pieces: list[bytes], max_bytes: int | None = None) -> list[bytes | None]:
    splitter = LineSplitter(max_bytes)
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    return [*lines, *splitter.end()]


def split_stream(stream: bytes) -> list[bytes]:
    *lines, last = stream.split(b"\n")
    return [*lines, last] if last else lines


@settings(max_examples=200, deadline=None)
@given(PIECES)
def test_lines_do_not_depend_on_the_pieces(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    assert split(pieces) == split_stream(stream)
    assert split([stream]) == split([bytes([byte]) for byte in stream])


@settings(max_examples=200, deadline=None)
@given(PIECES, st.integers(0, 20))
@example([b"abc\nabcd\nab", b"c\nabc", b"d\n", b"abc", b"d"], 3)
@example([b"a", b"\r\r\r\n", b"abcd", b"\r\r\r\r\n", b"\r\r\r", b"\r"], 3)
def test_a_line_longer_than_the_maximum_is_yielded_once_as_none(pieces: list[bytes], max_bytes: int) -> None:
    def expected(line: bytes) -> bytes | None:
        # A line that is all white space is blank, also if it is too long.
        return line if len(line) <= max_bytes else b"" if not line.strip() else None

    assert split(pieces, max_bytes) == [expected(line) for line in split_stream(b"".join(pieces))]


def test_the_bytes_of_a_long_line_are_dropped_as_they_arrive() -> None:
    splitter = LineSplitter(10)
    for _ in range(100):
        assert list(splitter.feed(b"x" * 7)) == []
        assert len(splitter._rest) <= 10
    assert list(splitter.feed(b"x" * 1000)) == []
    assert len(splitter._rest) <= 10
    assert list(splitter.feed(b"\nshort\n")) == [None, b"short"]


def test_end_yields_the_last_line_once() -> None:
    splitter = LineSplitter(3)
    assert list(splitter.feed(b"ab")) == []
    assert list(splitter.end()) == [b"ab"]
    assert list(splitter.end()) == []
    assert split([]) == split([b""]) == []
