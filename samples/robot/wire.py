"""What goes over the wire between the exchange and this robot."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiohttp

from samples.robot.signing import Credentials

log = logging.getLogger("robot")

TRIES = 5
FIRST_PAUSE_S = 0.5
EXPIRED = 403
FOR_NOW = {408, 429, 500, 502, 503, 504}

Json = dict[str, Any]


class RefusedError(Exception):
    """The exchange or its storage refused a request for good. Its text has no URL: those hold signatures."""


class Exchange:
    """The exchange, as a robot sees it. A request that fails for now is tried again, with growing pauses."""

    def __init__(
        self,
        api: str,
        credentials: Credentials,
        session: aiohttp.ClientSession,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.credentials = credentials
        self._api = api.rstrip("/")
        self._session = session
        self._first_pause_s = first_pause_s

    async def references(self, order: Json) -> AsyncIterator[Json]:
        """Yield what the exchange gives us of each reference, as it arrives."""
        # The order and the batch have different names for this URL, and the same one for the other.
        async with await self._storage("GET", order, "reference_storage_url", "reference_data_url") as response:
            async for line in _lines(response.content):
                yield json.loads(line)

    async def deliver(self, order: Json, result: bytes) -> None:
        """Upload the result, all of it at once: another upload replaces it."""
        name, headers = "result_storage_url", {"x-ms-blob-type": "BlockBlob"}
        async with await self._storage("PUT", order, name, name, data=result, headers=headers):
            log.info("batch %s: uploaded %d bytes", order["id"], len(result))

    async def report(self, batch_id: str, error: str | None = None) -> None:
        """Say that the result is there, or why there is none for the whole batch."""
        body = {"request_id": batch_id, "error": None if error is None else {"message": error}}
        async with await self._call("POST", "/robot/enhancement/batch/", json.dumps(body).encode()) as response:
            _check(response)

    async def _storage(self, method: str, order: Json, name: str, fresh: str, **options: Any) -> aiohttp.ClientResponse:
        """Use a signed URL of the order; if it has expired, ask the exchange for a fresh one and use that."""
        response = await self._try(method, order[name], **options)
        if response.status == EXPIRED:
            response.release()
            async with await self._call("GET", f"/references/enhancement/batch/{order['id']}") as batch:
                url = (await _check(batch).json())[fresh]
            response = await self._try(method, url, **options)
        return _check(response)

    async def _call(self, method: str, path: str, body: bytes = b"") -> aiohttp.ClientResponse:
        """Call the exchange itself: signed, which storage would not understand."""
        return await self._try(method, self._api + path, data=body, signed=True)

    async def _try(self, method: str, url: str, *, signed: bool = False, **options: Any) -> aiohttp.ClientResponse:
        """Send a request until it is answered by something other than a failure for now."""
        for number in range(1, TRIES):
            if signed:
                # Anew each time, as a signature is good for minutes.
                options["headers"] = {"Content-Type": "application/json", **self.credentials.headers(options["data"])}
            try:
                response = await self._session.request(method, url, **options)
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("%s failed (%s), trying again", method, type(error).__name__)
            else:
                if response.status not in FOR_NOW:
                    return response
                response.release()
                log.warning("%s was answered with %d, trying again", method, response.status)
            await asyncio.sleep(self._first_pause_s * 2 ** (number - 1))
        return await self._session.request(method, url, **options)


def jsonl(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """Give a result file."""
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def _check(response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    if not response.ok:
        response.release()
        raise RefusedError(f"{response.method} was answered with {response.status}")
    return response


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a download, of any length: the reader's own `readline` has a limit."""
    parts: list[bytes] = []
    async for chunk in content.iter_any():
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield b"".join([*parts, end])
            parts = []
        parts.append(rest)
    if last := b"".join(parts):
        yield last
