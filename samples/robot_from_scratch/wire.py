"""The robot's requests to the exchange and to its storage."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiohttp

from samples.robot_from_scratch.signing import Credentials

log = logging.getLogger("robot")

ATTEMPTS = 5
FIRST_DELAY_S = 0.5
EXPIRED = 403
TEMPORARY = {408, 429, 500, 502, 503, 504}

Json = dict[str, Any]


class RefusedError(Exception):
    """The exchange or its storage refused a request permanently. The message has no URL, because URLs are signed."""


class Exchange:
    """A client of the exchange. It retries requests that fail temporarily, with exponential backoff."""

    def __init__(
        self,
        api: str,
        credentials: Credentials,
        session: aiohttp.ClientSession,
        first_delay_s: float = FIRST_DELAY_S,
    ) -> None:
        self.credentials = credentials
        self._api = api.rstrip("/")
        self._session = session
        self._first_delay_s = first_delay_s

    async def read_references(self, job: Json) -> AsyncIterator[Json]:
        """Yield the references of the job while they are downloaded."""
        # The job and the batch request have different names for this URL. For the result's URL they have the same name.
        async with await self._use_url("GET", job, "reference_storage_url", "reference_data_url") as response:
            async for line in _split_lines(response.content):
                yield json.loads(line)

    async def upload_result(self, job: Json, result: bytes) -> None:
        """Upload the whole result file. A later upload replaces it."""
        name, headers = "result_storage_url", {"x-ms-blob-type": "BlockBlob"}
        async with await self._use_url("PUT", job, name, name, data=result, headers=headers):
            log.info("batch %s: uploaded %d bytes", job["id"], len(result))

    async def call_back(self, batch_id: str, error: str | None = None) -> None:
        """Report to the exchange that the result file is complete, or why the whole batch failed."""
        body = {"request_id": batch_id, "error": None if error is None else {"message": error}}
        async with await self._call("POST", "/robot/enhancement/batch/", json.dumps(body).encode()) as response:
            _check(response)

    async def _use_url(self, method: str, job: Json, name: str, fresh: str, **options: Any) -> aiohttp.ClientResponse:
        """Use a signed URL of the job. If it has expired, read a fresh one from the exchange and use that."""
        response = await self._send(method, job[name], **options)
        if response.status == EXPIRED:
            response.release()
            async with await self._call("GET", f"/references/enhancement/batch/{job['id']}") as batch:
                url = (await _check(batch).json())[fresh]
            response = await self._send(method, url, **options)
        return _check(response)

    async def _call(self, method: str, path: str, body: bytes = b"") -> aiohttp.ClientResponse:
        """Call the exchange with a signature. Its storage accepts signed URLs instead."""
        return await self._send(method, self._api + path, data=body, signed=True)

    async def _send(self, method: str, url: str, *, signed: bool = False, **options: Any) -> aiohttp.ClientResponse:
        """Send a request. Repeat it while it fails temporarily, at most ATTEMPTS times."""
        for number in range(1, ATTEMPTS):
            if signed:
                # Sign each attempt again, because a signature is valid for minutes only.
                options["headers"] = {"Content-Type": "application/json", **self.credentials.headers(options["data"])}
            try:
                response = await self._session.request(method, url, **options)
            except (aiohttp.ClientError, TimeoutError) as error:
                log.warning("%s failed with %s, retrying", method, type(error).__name__)
            else:
                if response.status not in TEMPORARY:
                    return response
                response.release()
                log.warning("%s returned HTTP %d, retrying", method, response.status)
            await asyncio.sleep(self._first_delay_s * 2 ** (number - 1))
        return await self._session.request(method, url, **options)


def to_jsonl(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the entries as the bytes of a result file."""
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


def _check(response: aiohttp.ClientResponse) -> aiohttp.ClientResponse:
    if not response.ok:
        response.release()
        raise RefusedError(f"{response.method} returned HTTP {response.status}")
    return response


async def _split_lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a download. The reader's own `readline` limits their length."""
    parts: list[bytes] = []
    async for chunk in content.iter_any():
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            yield b"".join([*parts, end])
            parts = []
        parts.append(rest)
    if last := b"".join(parts):
        yield last
