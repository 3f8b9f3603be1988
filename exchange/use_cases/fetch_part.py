"""Fetching work: a robot asks for a part of a batch request, and gets it with a lease."""

import logging
from contextlib import suppress
from uuid import UUID

from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.domain.callers import CallingRobot
from exchange.domain.division import Lease, find_smallest_size
from exchange.domain.errors import ExchangeError, InputRejected, NotFound, Unavailable
from exchange.ports import Services, StoredBatch
from exchange.telemetry.logs import bind_log_fields
from exchange.telemetry.operations import add_span_attributes, operation
from exchange.use_cases.advance import advance, observe_and_advance
from exchange.use_cases.parts import make_part, report_end
from exchange.use_cases.renew_lease import check_lease
from exchange.use_cases.write_snapshot import write_snapshot

log = logging.getLogger(__name__)

# How many batches one query returns. Other robots may take the work of the first ones before this robot does.
_CANDIDATES = 20
# How often a part is tried to be made while other robots make parts of the same batch request.
_ATTEMPTS = 50


@operation("fetch part")
async def fetch_part(robot: CallingRobot, limit: int, lease_s: float, services: Services) -> Batch | None:
    """Return a part with at most `limit` references and a lease, from the batch request that waited longest.

    Return None if the robot has no work. Two calls never return the same references, unless the lease of the first one
    has expired. Each call returns other work, also if the answer to the last one was lost.

    Raises NotFound if the robot does not exist, InputRejected if the lease is too long or the only work left needs a
    larger `limit`, and Unavailable. Then the lease ends.
    """
    check_lease(lease_s, services.deadlines)
    registered = (await services.robots.load(robot.id)).robot
    limit = min(limit, registered.max_references or limit, services.limits.references_per_part_limit)
    too_small: InputRejected | None = None
    for batch_id in await services.batches.list_available(robot.id, services.clock(), _CANDIDATES):
        with bind_log_fields(batch_id=batch_id, robot_id=robot.id):
            try:
                part = await _fetch_from(batch_id, limit, lease_s, services)
            except NotFound as error:
                # The batch request was withdrawn, or it or its manifest has expired.
                log.warning("batch %s: nothing can be fetched: %s", batch_id, error)
                continue
            except InputRejected as error:
                too_small = error
                continue
            if part is not None:
                add_span_attributes(batch_id=str(part.id), reference_count=part.reference_count)
                log.info("batch %s: part %s is fetched references=%d", part.request_id, part.id, part.reference_count)
                return part
    if too_small is not None:
        raise too_small
    return None


async def _fetch_from(batch_id: UUID, limit: int, lease_s: float, services: Services) -> Batch | None:
    stored = await services.batches.load(batch_id)
    if stored.batch.part is not None:
        stored = await _take_back(stored, services)
    smallest = find_smallest_size(stored.batch.selected_count, services.limits.parts_per_batch_limit)
    for _ in range(_ATTEMPTS):
        if stored.batch.phase is not Phase.DIVIDED or not stored.batch.may_make_parts:
            return None
        if limit < smallest:
            raise InputRejected(
                f"The batch request {stored.batch.id} is large. Fetch at least {smallest} references of it. The "
                "robot's max_references must allow as many."
            )
        lease = Lease(until=services.clock() + lease_s)
        stored, part = await make_part(stored, limit, lease, services)
        if part is not None:
            await _write_snapshot(part, services)
            return part
    return None


async def _take_back(stored: StoredBatch, services: Services) -> StoredBatch:
    """End a part whose lease has expired, so that its references are left again. Return its batch request."""

    async def observe(part: Batch) -> events.Event:
        return events.LeaseTaken(await services.results.find_upload(part.id))

    taken = await observe_and_advance(stored, observe, services)
    if taken.batch.ended:
        await report_end(taken.stored, services)
    return await services.batches.load(taken.batch.request_id)


async def _write_snapshot(part: Batch, services: Services) -> None:
    """Write the snapshot. If a dependency is down, give the part back: it need not wait for the end of its lease.

    After any other error the lease expires, and counts as expired. So a manifest that no longer exists does not lead to
    parts without end.
    """
    if part.snapshot is None:
        msg = f"the part {part.id} has no name for its snapshot"
        raise AssertionError(msg)
    try:
        await write_snapshot(part, part.snapshot, services)
    except Unavailable:
        # The lease may have expired, or the dependency may be the one that keeps it.
        with suppress(ExchangeError):
            await advance(await services.batches.load(part.id), events.LeaseRenewed(0.0), services)
        raise
