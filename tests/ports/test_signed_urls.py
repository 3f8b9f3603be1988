"""The permissions of signed URLs. Only the emulator checks signatures, so the fake is not tested."""

import time
from uuid import UUID, uuid4

import aiohttp
import pytest

from exchange.adapters.blobs import BlobAccount, BlobBatchFiles, BlobIdLists
from exchange.adapters.signed_urls import SignedUrls
from exchange.domain.errors import UploadReplaced

BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}
FORBIDDEN = {401, 403}


@pytest.fixture
def urls(account: BlobAccount) -> SignedUrls:
    return SignedUrls(account, 60, time.time)


async def status(method: str, url: str, **options: object) -> int:
    async with aiohttp.ClientSession() as session, session.request(method, url, **options) as response:  # type: ignore[arg-type] # passed on to aiohttp
        return response.status


def replace_name(url: str, name: object, other: object) -> str:
    assert str(name) in url
    return url.replace(str(name), str(other))


async def test_a_read_url_allows_reading_its_blob_only(account: BlobAccount, urls: SignedUrls) -> None:
    files, names = BlobBatchFiles(account), [f"{uuid4()}/x.jsonl", f"{uuid4()}/x.jsonl"]
    for name in names:
        async with files.create(name) as blob:
            await blob.write(name.encode())
    url = await urls.sign_read_url(names[0])
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert (response.status, await response.text()) == (200, names[0])
    assert await status("GET", replace_name(url, names[0], names[1])) in FORBIDDEN
    assert await status("PUT", url, data=b"x", headers=BLOCK_BLOB) in FORBIDDEN
    assert await status("DELETE", url) in FORBIDDEN
    assert await status("GET", url.partition("?")[0]) in {*FORBIDDEN, 404}


async def test_the_lifetime_of_urls_is_known(urls: SignedUrls) -> None:
    assert urls.lifetime_s == 60


async def test_an_upload_url_allows_writing_its_blob_repeatedly_and_nothing_else(urls: SignedUrls) -> None:
    batch_id, other = uuid4(), uuid4()
    url = await urls.sign_upload_url(batch_id)
    for body in (b"one", b"two"):
        assert await status("PUT", url, data=body, headers=BLOCK_BLOB) == 201
    assert await status("PUT", replace_name(url, batch_id, other), data=b"x", headers=BLOCK_BLOB) in FORBIDDEN
    assert await status("GET", url) in FORBIDDEN
    assert await status("DELETE", url) in FORBIDDEN
    container = url.replace(f"/{batch_id}.jsonl?", "?restype=container&comp=list&")
    assert await status("GET", container) in FORBIDDEN


async def test_a_list_upload_url_allows_writing_its_blob_and_nothing_else(
    account: BlobAccount, urls: SignedUrls
) -> None:
    list_id, other = uuid4(), uuid4()
    url, lists = await urls.sign_list_upload_url(list_id), BlobIdLists(account)
    assert await lists.find_upload(list_id) is None
    for body in (b"one", b"two"):
        assert await status("PUT", url, data=body, headers=BLOCK_BLOB) == 201
    upload = await lists.find_upload(list_id)
    assert upload is not None
    assert upload.size == 3
    assert b"".join([data async for data in lists.read(list_id, upload.etag)]) == b"two"
    assert await status("PUT", url, data=b"three", headers=BLOCK_BLOB) == 201
    with pytest.raises(UploadReplaced):
        await anext(lists.read(list_id, upload.etag))
    assert await status("PUT", replace_name(url, list_id, other), data=b"x", headers=BLOCK_BLOB) in FORBIDDEN
    manifest = replace_name(url, f"uploads/{list_id}.txt", f"{uuid4()}/request.json")
    assert await status("PUT", manifest, data=b"x", headers=BLOCK_BLOB) in FORBIDDEN
    assert await status("GET", url) in FORBIDDEN
    assert await status("DELETE", url) in FORBIDDEN


async def test_an_expired_url_is_refused(account: BlobAccount) -> None:
    batch_id = UUID("22222222-2222-4222-8222-222222222222")
    urls = SignedUrls(account, 60, lambda: time.time() - 120)
    assert await status("PUT", await urls.sign_upload_url(batch_id), data=b"x", headers=BLOCK_BLOB) in FORBIDDEN
