"""The behaviour of every `ResultFiles`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from exchange.adapters.blobs import BlobAccount, BlobResultFiles
from exchange.domain.errors import UploadReplaced
from exchange.ports import ResultFiles
from tests.fakes import FakeClock, FakeResultFiles

Put = Callable[[UUID, bytes], Awaitable[None]]


@pytest.fixture
def results_and_put(kind: str, request: pytest.FixtureRequest) -> tuple[ResultFiles, Put]:
    if kind == "fake":
        fake = FakeResultFiles(FakeClock())
        return fake, fake.put
    account: BlobAccount = request.getfixturevalue("account")

    async def put(batch_id: UUID, data: bytes) -> None:
        await account.blob("results", f"{batch_id}.jsonl").upload_blob(data, overwrite=True)

    return BlobResultFiles(account), put


async def read(results: ResultFiles, batch_id: UUID, etag: str) -> bytes:
    return b"".join([piece async for piece in results.read(batch_id, etag)])


async def read_rest(pieces: AsyncIterator[bytes]) -> None:
    async for piece in pieces:
        assert b"y" not in piece, "these bytes belong to the new upload"


async def test_without_an_upload_there_is_no_current_upload(results_and_put: tuple[ResultFiles, Put]) -> None:
    results, _ = results_and_put
    assert await results.find_upload(uuid4()) is None


async def test_the_last_upload_is_current_and_can_be_read(results_and_put: tuple[ResultFiles, Put]) -> None:
    results, put = results_and_put
    batch_id = uuid4()
    await put(batch_id, b"first")
    first = await results.find_upload(batch_id)
    await put(batch_id, b"second!")
    second = await results.find_upload(batch_id)
    assert first is not None
    assert second is not None
    assert first.etag != second.etag
    assert (second.size, second.last_modified >= first.last_modified) == (7, True)
    assert await read(results, batch_id, second.etag) == b"second!"


async def test_an_upload_that_is_not_current_cannot_be_read(results_and_put: tuple[ResultFiles, Put]) -> None:
    results, put = results_and_put
    batch_id = uuid4()
    await put(batch_id, b"first")
    first = await results.find_upload(batch_id)
    assert first is not None
    await put(batch_id, b"second")
    with pytest.raises(UploadReplaced):
        await read(results, batch_id, first.etag)
    with pytest.raises(UploadReplaced):
        await read(results, uuid4(), first.etag)


async def test_reading_fails_if_the_upload_is_replaced_meanwhile(results_and_put: tuple[ResultFiles, Put]) -> None:
    results, put = results_and_put
    batch_id = uuid4()
    await put(batch_id, b"x" * 3_000_000)
    current_upload = await results.find_upload(batch_id)
    assert current_upload is not None
    pieces = results.read(batch_id, current_upload.etag)
    await anext(aiter(pieces))
    await put(batch_id, b"y" * 3_000_000)
    with pytest.raises(UploadReplaced):
        await read_rest(pieces)


async def test_an_empty_upload_counts_as_an_upload(results_and_put: tuple[ResultFiles, Put]) -> None:
    results, put = results_and_put
    batch_id = uuid4()
    await put(batch_id, b"")
    current_upload = await results.find_upload(batch_id)
    assert current_upload is not None
    assert await read(results, batch_id, current_upload.etag) == b""
