"""Blobs that a robot can write with its signed URL, but that are not results."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession, web
from azure.storage.blob import BlobBlock
from azure.storage.blob.aio import BlobClient

from exchange.adapters.blobs import BlobAccount, BlobResultFiles
from exchange.domain.batch import Upload
from tests.stacks import Stack

ENCRYPTED = {"x-ms-error-code": "BlobUsesCustomerSpecifiedEncryption"}


def result_blob(account: BlobAccount, batch_id: UUID) -> BlobClient:
    return account.blob("results", f"{batch_id}.jsonl")


async def append(account: BlobAccount, batch_id: UUID) -> None:
    blob = result_blob(account, batch_id)
    await blob.create_append_blob()
    await blob.append_block(b"{}\n")


async def write_pages(account: BlobAccount, batch_id: UUID) -> None:
    await result_blob(account, batch_id).create_page_blob(512)


async def copy(account: BlobAccount, batch_id: UUID) -> None:
    source = result_blob(account, uuid4())
    await source.upload_blob(b"of another robot")
    await result_blob(account, batch_id).start_copy_from_url(source.url)


async def copy_synchronously(account: BlobAccount, batch_id: UUID) -> None:
    source = result_blob(account, uuid4())
    await source.upload_blob(b"of another robot")
    await result_blob(account, batch_id).start_copy_from_url(source.url, requires_sync=True)


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        (append, "The result file is a page blob or an append blob. Upload it as a block blob."),
        (write_pages, "The result file is a page blob or an append blob. Upload it as a block blob."),
        (copy, "The result file was copied from another blob. Upload its content instead."),
        (copy_synchronously, "The result file was copied from another blob. Upload its content instead."),
    ],
)
async def test_a_blob_that_is_not_a_result_has_a_fault_until_it_is_replaced(
    account: BlobAccount,
    real_results: BlobResultFiles,
    write: Callable[[BlobAccount, UUID], Awaitable[None]],
    fault: str,
) -> None:
    batch_id = uuid4()
    await write(account, batch_id)
    upload = await real_results.find_upload(batch_id)
    assert upload is not None
    assert upload.fault == fault
    await result_blob(account, batch_id).delete_blob()
    await result_blob(account, batch_id).upload_blob(b"{}\n")
    replaced = await real_results.find_upload(batch_id)
    assert replaced is not None
    assert (replaced.fault, replaced.etag == upload.etag) == (None, False)


async def test_an_upload_in_blocks_has_no_fault(account: BlobAccount, real_results: BlobResultFiles) -> None:
    batch_id = uuid4()
    await result_blob(account, batch_id).stage_block("MDAw", b"{}\n")
    await result_blob(account, batch_id).commit_block_list([BlobBlock("MDAw")])
    upload = await real_results.find_upload(batch_id)
    assert upload is not None
    assert upload.fault is None


@asynccontextmanager
async def encrypted_results(stack: Stack) -> AsyncIterator[BlobResultFiles]:
    """Answer as Azure does if a blob is encrypted with a customer-provided key. The emulator does not know such keys.

    Its properties and content cannot be read. A list still shows it.
    """
    _, _, address = stack.settings["DATA_STORAGE"].partition("BlobEndpoint=")
    endpoint = address.partition(";")[0].rstrip("/")
    origin, _, account_name = endpoint.rpartition("/")

    async def answer(request: web.Request) -> web.Response:
        if "comp" not in request.query:
            return web.Response(status=409, headers=ENCRYPTED)
        async with (
            ClientSession() as session,
            session.request(request.method, origin + request.path_qs, headers=request.headers) as response,
        ):
            content = await response.read()
            return web.Response(status=response.status, body=content, content_type=response.content_type)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    proxied = stack.settings["DATA_STORAGE"].replace(endpoint, f"http://127.0.0.1:{port}/{account_name}")
    account = BlobAccount(proxied, None)
    yield BlobResultFiles(account)
    await account.close()
    await runner.cleanup()


async def find_encrypted(stack: Stack, batch_id: UUID) -> Upload | None:
    async with encrypted_results(stack) as results:
        return await results.find_upload(batch_id)


async def test_an_encrypted_blob_has_a_fault_and_the_properties_of_the_list(
    emulators: Stack, account: BlobAccount
) -> None:
    batch_id = uuid4()
    await result_blob(account, batch_id).upload_blob(b"secret")
    first = await find_encrypted(emulators, batch_id)
    assert first is not None
    assert first.fault == (
        "The result file is encrypted with a customer-provided key, so it cannot be read. Upload it without one."
    )
    assert first.size == len(b"secret")
    await result_blob(account, batch_id).upload_blob(b"another", overwrite=True)
    second = await find_encrypted(emulators, batch_id)
    assert second is not None
    assert (second.etag == first.etag, second.last_modified >= first.last_modified) == (False, True)


async def test_an_encrypted_blob_that_is_deleted_meanwhile_is_not_an_upload(emulators: Stack) -> None:
    assert await find_encrypted(emulators, uuid4()) is None
