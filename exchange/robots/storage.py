"""Downloads the references of a job and uploads its result, by signed URLs that can expire at any time."""

import asyncio
import base64
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import quote

import aiohttp

from exchange.domain.lines import LineSplitter
from exchange.robots.errors import RefusedError, SnapshotChangedError
from exchange.robots.exchange import Exchange, SignedUrls
from exchange.robots.retries import TRANSPORT_ERRORS, Attempt, Http, Retries, check

log = logging.getLogger("robot")

BLOCK_BYTES = 4 << 20
# The exchange stores less for one reference. The limit protects the memory of the robot.
MAX_REFERENCE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the snapshot: how many bytes have been read of which version."""

    offset: int = 0
    etag: str | None = None


class Storage:
    """The blobs of one job."""

    def __init__(self, batch_id: str, urls: SignedUrls, exchange: Exchange, http: Http) -> None:
        self._batch_id = batch_id
        self._urls = urls
        self._exchange = exchange
        self._http = http

    async def read_lines(self, start: Position) -> AsyncGenerator[tuple[bytes, Position], None]:
        """Yield the lines after a position, each with the position after it.

        An interrupted download goes on where it stopped. Raises SnapshotChangedError if that is not possible.
        """
        position = start
        retries = Retries(self._http.backoff)
        while True:
            splitter = LineSplitter(MAX_REFERENCE_BYTES)
            try:
                async with self._send(lambda at=position: self._read_from(at)) as response:  # type: ignore[misc]
                    if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                        # The snapshot is the same and has been read to its end.
                        return
                    etag = _check_range(response, position)
                    async for piece in response.content.iter_any():
                        for line in map(_check_length, splitter.feed(piece)):
                            position = Position(position.offset + len(line) + 1, etag)
                            yield line, position
                        retries.restart()
                    for line in map(_check_length, splitter.end()):
                        yield line, Position(position.offset + len(line), etag)
                    return
            except TRANSPORT_ERRORS as error:
                await retries.wait(f"the download stopped with {type(error).__name__}")

    async def upload(self, result: BinaryIO) -> None:
        """Upload the result file: a small one in one request, a large one in blocks. A later upload replaces it."""
        block = await asyncio.to_thread(result.read, BLOCK_BYTES)
        if len(block) < BLOCK_BYTES:
            await self._put("", block, {"x-ms-blob-type": "BlockBlob"})
            return
        block_ids: list[str] = []
        while block:
            block_ids.append(base64.b64encode(b"%08d" % len(block_ids)).decode())
            await self._put(f"&comp=block&blockid={quote(block_ids[-1], safe='')}", block, {})
            block = await asyncio.to_thread(result.read, BLOCK_BYTES)
        listed = "".join(f"<Latest>{block_id}</Latest>" for block_id in block_ids)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        await self._put("&comp=blocklist", body, {"Content-Type": "application/xml"})

    def _read_from(self, position: Position) -> Attempt:
        # Offsets count the bytes of the file, so it must not be compressed on the way.
        headers = {"Accept-Encoding": "identity"}
        if position.offset and position.etag:
            headers |= {"Range": f"bytes={position.offset}-", "If-Match": position.etag}
        return Attempt("GET", self._urls.references, headers)

    async def _put(self, query: str, body: bytes, headers: dict[str, str]) -> None:
        async with self._send(lambda: Attempt("PUT", self._urls.result + query, headers, body)) as response:
            check(response)

    @asynccontextmanager
    async def _send(self, make_attempt: Callable[[], Attempt]) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request with a signed URL. If it has expired, refresh the URLs and send the request once more."""
        async with self._http.send(make_attempt) as response:
            if response.status != HTTPStatus.FORBIDDEN:
                yield response
                return
        log.info("a signed URL has expired, asking for fresh ones")
        self._urls = await self._exchange.refresh_urls(self._batch_id)
        async with self._http.send(make_attempt) as response:
            yield response


def _check_length(line: bytes | None) -> bytes:
    if line is None:
        raise RefusedError(f"a reference is longer than {MAX_REFERENCE_BYTES} bytes")
    return line


def _check_range(response: aiohttp.ClientResponse, position: Position) -> str | None:
    """Return the ETag of a download. Raises SnapshotChangedError if it does not begin at the position."""
    begins_at_start = response.status == HTTPStatus.OK
    if response.status == HTTPStatus.PRECONDITION_FAILED or (position.offset and begins_at_start):
        raise SnapshotChangedError
    check(response)
    return response.headers.get("ETag")
