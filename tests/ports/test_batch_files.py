"""The behaviour of every `BatchFiles`."""

from uuid import uuid4

import pytest

from exchange.adapters.blobs import BlobAccount, BlobBatchFiles
from exchange.domain.blob_names import BATCHES
from exchange.domain.errors import NotFound
from exchange.ports import BatchFiles


async def write(files: BatchFiles, name: str, *pieces: bytes) -> None:
    async with files.create(name) as blob:
        for piece in pieces:
            await blob.write(piece)


async def read(files: BatchFiles, name: str, offset: int = 0, length: int | None = None) -> bytes:
    return b"".join([piece async for piece in files.read(name, offset, length)])


@pytest.fixture
def name() -> str:
    return f"{uuid4()}/{uuid4()}/accepted.jsonl"


@pytest.mark.parametrize("pieces", [(), (b"",), (b"a\n", b"b"), (b"x" * 5_000_000, b"y" * 9_000_001)], ids=len)
async def test_a_blob_is_read_back_unchanged(files: BatchFiles, name: str, pieces: tuple[bytes, ...]) -> None:
    await write(files, name, *pieces)
    assert await read(files, name) == b"".join(pieces)


@pytest.mark.parametrize(("size", "blocks"), [(0, 0), (1000, 0), ((1 << 20) - 1, 0), (1 << 20, 1), (3_000_000, 3)])
async def test_a_blob_smaller_than_a_block_takes_one_request(
    account: BlobAccount, name: str, size: int, blocks: int
) -> None:
    """Only a blob that was made in a single request has no blocks."""
    await write(BlobBatchFiles(account), name, b"x" * size)
    committed, uncommitted = await account.blob(BATCHES, name).get_block_list("all")
    assert (len(committed), len(uncommitted)) == (blocks, 0)


async def test_a_blob_can_be_read_from_any_offset(files: BatchFiles, name: str) -> None:
    data = bytes(range(256)) * 10_000
    await write(files, name, data)
    for offset in (1, 70_000, len(data) - 1, len(data)):
        assert await read(files, name, offset) == data[offset:]
        for length in (1, 70_000, len(data)):
            assert await read(files, name, offset, length) == data[offset : offset + length]


async def test_the_size_of_each_piece_is_bounded(files: BatchFiles, name: str) -> None:
    await write(files, name, b"x" * 5_000_000)
    assert max([len(piece) async for piece in files.read(name)]) <= 1 << 20


async def write_and_fail(files: BatchFiles, name: str) -> None:
    async with files.create(name) as blob:
        await blob.write(b"x" * 5_000_000)
        raise ZeroDivisionError


async def test_a_blob_does_not_exist_if_writing_it_fails(files: BatchFiles, name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        await write_and_fail(files, name)
    assert not await files.exists(name)
    with pytest.raises(NotFound):
        await read(files, name)


async def test_the_caller_may_change_the_data_after_writing_it(files: BatchFiles, name: str) -> None:
    data = bytearray(b"one\n")
    async with files.create(name) as blob:
        await blob.write(data)
        data.clear()
    assert await read(files, name) == b"one\n"


async def test_writing_a_blob_again_replaces_it(files: BatchFiles, name: str) -> None:
    await write(files, name, b"first")
    await write(files, name, b"second")
    assert await read(files, name) == b"second"
    assert await files.exists(name)


async def test_a_deleted_blob_does_not_exist_and_can_be_deleted_again(files: BatchFiles, name: str) -> None:
    await write(files, name, b"x")
    other = name.replace("accepted", "draft_report")
    await write(files, other, b"y")
    await files.delete(name)
    assert not await files.exists(name)
    assert await files.exists(other)
    await files.delete(name)
