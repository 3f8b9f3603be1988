"""Renewing the lease of a part, or giving the part back."""

from exchange.domain import events
from exchange.domain.callers import CallingRobot, check_may_see
from exchange.domain.durations import format_duration
from exchange.domain.errors import InputRejected
from exchange.domain.limits import Deadlines
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import batch_operation
from exchange.use_cases.advance import advance


@batch_operation("renew lease")
async def renew_lease(stored: StoredBatch, lease_s: float, robot: CallingRobot, services: Services) -> float:
    """Return the new end of the lease, in seconds since the epoch. Zero seconds give the part back at once.

    Raises NotFound, Forbidden, InputRejected if the lease is too long, and Conflict if there is none, if it has expired
    or the part has ended.
    """
    check_may_see(robot, stored.batch)
    check_lease(lease_s, services.deadlines)
    until = services.clock() + lease_s
    renewed = await advance(stored, events.LeaseRenewed(until), services)
    return until if renewed.batch.lease is None else renewed.batch.lease.until


def check_lease(lease_s: float, deadlines: Deadlines) -> None:
    """Raise InputRejected if the lease is too long. A robot may renew a shorter one as often as it wants."""
    if lease_s > deadlines.lease_limit_s:
        limit = format_duration(deadlines.lease_limit_s)
        raise InputRejected(f"lease: A lease lasts at most {limit}. Ask for a shorter one, and renew it.")
