from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange.domain.lines import LineSplitter

CHUNKS = st.lists(
    st.lists(st.sampled_from([b"\n", b"\r", b"a", b"bc", b"\xff", "\u2028".encode(), b"longer than most"])).map(
        b"".join
    )
)


def split(chunks: list[bytes], longest: int | None = None) -> list[bytes | None]:
    splitter = LineSplitter(longest)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return [*lines, *splitter.end()]


def lines_of(stream: bytes) -> list[bytes]:
    *lines, last = stream.split(b"\n")
    return [*lines, last] if last else lines


@settings(max_examples=200, deadline=None)
@given(CHUNKS)
def test_lines_are_the_same_however_the_chunks_fall(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    assert split(chunks) == lines_of(stream)
    assert split([stream]) == split([bytes([byte]) for byte in stream])


@settings(max_examples=200, deadline=None)
@given(CHUNKS, st.integers(0, 20))
@example([b"abc\nabcd\nab", b"c\nabc", b"d\n", b"abc", b"d"], 3)
@example([b"a", b"\r\r\r\n", b"abcd", b"\r\r\r\r\n", b"\r\r\r", b"\r"], 3)
def test_a_line_longer_than_allowed_comes_out_once_as_none(chunks: list[bytes], longest: int) -> None:
    def kept(line: bytes) -> bytes | None:
        # One of nothing but blanks says nothing, however long it is.
        return line if len(line) <= longest else b"" if not line.strip() else None

    assert split(chunks, longest) == [kept(line) for line in lines_of(b"".join(chunks))]


def test_what_is_too_long_is_dropped_as_it_comes() -> None:
    splitter = LineSplitter(10)
    for _ in range(100):
        assert list(splitter.feed(b"x" * 7)) == []
        assert len(splitter._rest) <= 10
    assert list(splitter.feed(b"x" * 1000)) == []
    assert len(splitter._rest) <= 10
    assert list(splitter.feed(b"\nshort\n")) == [None, b"short"]


def test_the_end_comes_once() -> None:
    splitter = LineSplitter(3)
    assert list(splitter.feed(b"ab")) == []
    assert list(splitter.end()) == [b"ab"]
    assert list(splitter.end()) == []
    assert split([]) == split([b""]) == []
