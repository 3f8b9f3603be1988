"""What every BatchFiles does."""

from uuid import uuid4

import pytest

from exchange.domain.errors import NotFound
from exchange.ports import BatchFiles


async def write(files: BatchFiles, name: str, *parts: bytes) -> None:
    async with files.create(name) as blob:
        for part in parts:
            await blob.write(part)


async def content(files: BatchFiles, name: str, offset: int = 0) -> bytes:
    return b"".join([chunk async for chunk in files.read(name, offset)])


@pytest.fixture
def name() -> str:
    return f"{uuid4()}/{uuid4()}/accepted.jsonl"


@pytest.mark.parametrize("parts", [(), (b"",), (b"a\n", b"b"), (b"x" * 5_000_000, b"y" * 9_000_001)], ids=len)
async def test_a_blob_comes_back_as_it_was_written(files: BatchFiles, name: str, parts: tuple[bytes, ...]) -> None:
    await write(files, name, *parts)
    assert await content(files, name) == b"".join(parts)


async def test_it_can_be_read_from_any_offset_on(files: BatchFiles, name: str) -> None:
    data = bytes(range(256)) * 10_000
    await write(files, name, data)
    for offset in (1, 70_000, len(data) - 1, len(data)):
        assert await content(files, name, offset) == data[offset:]


async def test_chunks_are_of_bounded_size(files: BatchFiles, name: str) -> None:
    await write(files, name, b"x" * 5_000_000)
    assert max([len(chunk) async for chunk in files.read(name)]) <= 1 << 20


async def write_and_fail(files: BatchFiles, name: str) -> None:
    async with files.create(name) as blob:
        await blob.write(b"x" * 5_000_000)
        raise ZeroDivisionError


async def test_nothing_of_it_is_there_if_the_writing_fails(files: BatchFiles, name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        await write_and_fail(files, name)
    assert not await files.exists(name)
    with pytest.raises(NotFound):
        await content(files, name)


async def test_the_data_may_be_changed_once_it_is_written(files: BatchFiles, name: str) -> None:
    data = bytearray(b"one\n")
    async with files.create(name) as blob:
        await blob.write(data)
        data.clear()
    assert await content(files, name) == b"one\n"


async def test_the_same_name_written_again_is_replaced(files: BatchFiles, name: str) -> None:
    await write(files, name, b"first")
    await write(files, name, b"second")
    assert await content(files, name) == b"second"
    assert await files.exists(name)
