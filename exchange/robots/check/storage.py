"""The played storage: downloads and uploads by signed URLs that can expire."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from itertools import pairwise
from urllib.parse import parse_qsl, quote, urlsplit

from aiohttp import web

from exchange.robots.check.jobs import CUT, DISCONNECT, Fault, Kind, PlayedJob, Received

_PIECE_BYTES = 1 << 16
# Long enough for a packet of its own on the local machine.
_PACKET_GAP_S = 0.005
# Characters that some HTTP clients encode differently when they parse a URL.
_SIGNATURE_END = "pK+7x/Zq=="


class Storage:
    """Answers requests with signed URLs. It accepts what Azure Blob Storage would refuse, and records the fault."""

    def __init__(self, jobs: dict[str, PlayedJob]) -> None:
        self.url = ""
        self._jobs = jobs
        self._blocks: dict[tuple[str, str], bytes] = {}

    def add_routes(self, app: web.Application) -> None:
        """Add the routes of the blobs."""
        app.router.add_get("/batches/{id}/reference_data.jsonl", self._download)
        app.router.add_put("/results/{id}.jsonl", self._upload)

    def make_urls(self, job: PlayedJob) -> tuple[str, str]:
        """Return the signed URLs of the references and of the result."""
        query = f"?se=2026-11-27T07%3A40%3A08Z&sp={{}}&sig={quote(f'{job.signature}-{_SIGNATURE_END}', safe='')}"
        references = f"{self.url}/batches/{job.id}/reference_data.jsonl{query.format('r')}"
        return references, f"{self.url}/results/{job.id}.jsonl{query.format('cw')}"

    async def _download(self, request: web.Request) -> web.StreamResponse:
        job = self._find(request)
        references, _ = self.make_urls(job)
        fault = self._begin(job, Kind.DOWNLOAD, request, self._find_faults(request, references))
        start = request.http_range.start or 0
        if start and not 0 <= start < len(job.data):
            raise make_error(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": f'"{job.id}"'})
        response.content_length = len(job.data) - start
        end = (start + len(job.data)) // 2 if fault == CUT else len(job.data)
        # The robot may close the connection, or may be killed.
        with suppress(ConnectionError):
            await response.prepare(request)
            for first, last in _cut(start, end, job):
                await job.pass_hold(first)
                await response.write(job.data[first:last])
                if job.cuts:
                    await asyncio.sleep(_PACKET_GAP_S)
        if fault == CUT and request.transport is not None:
            request.transport.close()
        return response

    async def _upload(self, request: web.Request) -> web.Response:
        """Store the result, or a block of it, or put the blocks together."""
        job = self._find(request)
        _, result = self.make_urls(job)
        faults = self._find_faults(request, result)
        part = request.query.get("comp")
        if request.content_length is None:
            faults[Fault.LENGTH] = "An upload had no Content-Length header. It was sent in chunks."
        if part is None and request.headers.get("x-ms-blob-type") != "BlockBlob":
            faults[Fault.BLOB_TYPE] = "An upload had no header 'x-ms-blob-type: BlockBlob'."
        content = await request.read()
        self._begin(job, Kind.BLOCK if part == "block" else Kind.UPLOAD, request, faults)
        if part == "block":
            self._blocks[job.id, request.query.get("blockid", "")] = content
        elif part == "blocklist":
            ids = re.findall(r"<(?:Latest|Uncommitted)>(.+?)</", content.decode(errors="replace"))
            blocks = [self._blocks.pop((job.id, block_id), None) for block_id in ids]
            if None in blocks:
                raise make_error(HTTPStatus.BAD_REQUEST)
            job.result = b"".join(block for block in blocks if block is not None)
        else:
            job.result = content
        return web.Response(status=201)

    def _find(self, request: web.Request) -> PlayedJob:
        job = self._jobs.get(request.match_info["id"])
        if job is None:
            raise web.HTTPNotFound
        return job

    def _find_faults(self, request: web.Request, url: str) -> dict[Fault, str]:
        faults: dict[Fault, str] = {}
        if "Authorization" in request.headers:
            faults[Fault.AUTHORIZATION] = f"A {request.method} to storage had an Authorization header."
        expected = parse_qsl(urlsplit(url).query)
        same_age = _get_age(request.query.get("sig", "")) == _get_age(dict(expected)["sig"])
        if same_age and not set(expected) <= set(request.query.items()):
            faults[Fault.URL] = f"A {request.method} to storage had another query than the signed URL."
        return faults

    def _begin(self, job: PlayedJob, kind: Kind, request: web.Request, faults: dict[Fault, str]) -> int | None:
        """Record the request. Raise an error if a fault is due or if the URL has expired. Return the fault `CUT`."""
        fault = job.take_fault(kind)
        expired = _get_age(request.query.get("sig", "")) != str(job.signature)
        success = HTTPStatus.OK if kind is Kind.DOWNLOAD else HTTPStatus.CREATED
        status = fault if fault not in {None, CUT} else HTTPStatus.FORBIDDEN if expired else success
        job.record(Received(kind, status, faults))
        if status == DISCONNECT and request.transport is not None:
            request.transport.abort()
        if status != success:
            raise make_error(status or HTTPStatus.INTERNAL_SERVER_ERROR)
        return fault


def _get_age(signature: str) -> str:
    return signature.partition("-")[0]


def make_error(status: int, retry_after_s: int = 0) -> web.HTTPException:
    """Return an error with this status."""
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    error = web.HTTPBadRequest(headers=headers)
    error.set_status(status)
    return error


def _cut(start: int, end: int, job: PlayedJob) -> Iterator[tuple[int, int]]:
    """Yield the bounds of the pieces in which the references are sent."""
    places = job.cuts or range(_PIECE_BYTES, end, _PIECE_BYTES)
    places = sorted({start, end, *(each for each in (*places, job.hold_offset or 0) if start < each < end)})
    yield from pairwise(places)
