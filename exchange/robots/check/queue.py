"""The played jobs of a robot that fetches them: it answers fetches and renewals."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from exchange.robots.check.jobs import DISCONNECT, Fault, Kind, PlayedJob, Received
from exchange.robots.check.signed import find_signature_faults
from exchange.robots.check.storage import make_error
from exchange.robots.exchange import Credentials
from exchange.robots.leases import MAX_LIMIT, PATH

# Published clients before 0.5 use the singular.
PATHS = (PATH, PATH.removesuffix("es"))

_DEFAULT_LEASE_S = 600.0

_parse_duration = TypeAdapter(timedelta).validate_strings


class PlayedQueue:
    """Has jobs to fetch. It accepts fetches and renewals that the exchange would refuse, and records the fault."""

    def __init__(self, credentials: Credentials, jobs: Mapping[str, PlayedJob]) -> None:
        self.fetches: list[Received] = []
        # The statuses of the answers to the next fetches.
        self.faults: list[int] = []
        # What the answer to a fetch says if there is no job.
        self.retry_after_s = 1
        # The references that the robot asks for at most.
        self.limit = MAX_LIMIT
        self._credentials = credentials
        self._jobs = jobs
        self._offered: deque[tuple[dict[str, object], asyncio.Event]] = deque()

    def add_routes(self, app: web.Application) -> None:
        """Add the routes for fetches and renewals."""
        for path in PATHS:
            for slash in ("", "/"):
                app.router.add_post(f"{path}{slash}", self._fetch)
                app.router.add_patch(f"{path}/{{id}}/renew-lease{slash}", self._renew)

    def offer(self, job: dict[str, object]) -> asyncio.Event:
        """Have a job to fetch. Return the event of its fetch."""
        fetched = asyncio.Event()
        self._offered.append((job, fetched))
        return fetched

    async def _fetch(self, request: web.Request) -> web.Response:
        faults = find_signature_faults(self._credentials, request, await request.read(), "The fetch")
        if found := self._find_query_fault(request):
            faults[Fault.QUERY] = found
        fault = self.faults.pop(0) if self.faults else None
        status = fault if fault is not None else 200 if self._offered else 204
        self.fetches.append(Received(Kind.FETCH, status, faults))
        if fault == DISCONNECT and request.transport is not None:
            request.transport.abort()
        if fault is not None:
            raise make_error(fault or 500, retry_after_s=1)
        if not self._offered:
            headers = {"Retry-After": str(self.retry_after_s)} if self.retry_after_s else None
            return web.Response(status=204, headers=headers)
        fields, fetched = self._offered.popleft()
        self._lease(self._jobs[str(fields["id"])], _parse_lease(request) or _DEFAULT_LEASE_S)
        fetched.set()
        return web.json_response(fields)

    async def _renew(self, request: web.Request) -> web.Response:
        job = self._jobs.get(request.match_info["id"])
        if job is None:
            raise make_error(404)
        faults = find_signature_faults(self._credentials, request, await request.read(), "The renewal")
        if time.monotonic() > job.lease_until:
            faults[Fault.LATE] = f"A renewal came after the lease of {job.lease_s:g} s had expired."
        fault = job.take_fault(Kind.RENEWAL)
        job.record(Received(Kind.RENEWAL, 200 if fault is None else fault, faults))
        if fault is not None:
            raise make_error(fault)
        lease_s = _parse_lease(request)
        if lease_s == 0:
            job.given_back = True
        else:
            self._lease(job, lease_s or _DEFAULT_LEASE_S)
        return web.json_response((datetime.now(UTC) + timedelta(seconds=lease_s or 0)).isoformat())

    def _lease(self, job: PlayedJob, lease_s: float) -> None:
        job.fetched = True
        job.lease_s = lease_s
        job.lease_until = time.monotonic() + lease_s

    def _find_query_fault(self, request: web.Request) -> str | None:
        """Return what the exchange would refuse about the query. Note the limit."""
        query = request.query
        if query.get("robot_id") != str(self._credentials.robot_id):
            return f"A fetch had the robot_id {query.get('robot_id')}, which is not the robot's own."
        limit = query.get("limit", str(MAX_LIMIT))
        if not limit.isdecimal() or not 1 <= int(limit) <= MAX_LIMIT:
            return f"A fetch had the limit '{limit}'. It must be 1 to {MAX_LIMIT}."
        self.limit = int(limit)
        if "lease" in query and not _parse_lease(request):
            return f"A fetch had the lease '{query['lease']}'. It must be an ISO 8601 duration such as PT10M."
        return None


def _parse_lease(request: web.Request) -> float | None:
    """Return the seconds of the lease in the query. None if there is none that can be read."""
    text = request.query.get("lease", "")
    if not text.startswith("P"):
        return None
    try:
        return _parse_duration(text).total_seconds()
    except ValidationError:
        return None
