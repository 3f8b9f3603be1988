"""Renewing the lease of a part, or giving the part back."""

from exchange.domain import events
from exchange.domain.callers import CallingRobot, check_may_see
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import batch_operation
from exchange.use_cases.advance import advance


@batch_operation("renew lease")
async def renew_lease(stored: StoredBatch, lease_s: float, robot: CallingRobot, services: Services) -> float:
    """Return the new end of the lease, in seconds since the epoch. Zero seconds give the part back at once.

    Raises NotFound, Forbidden, and Conflict if the lease has expired or the part has ended.
    """
    check_may_see(robot, stored.batch)
    until = services.clock() + lease_s
    renewed = await advance(stored, events.LeaseRenewed(until), services)
    return until if renewed.batch.lease is None else renewed.batch.lease.until
