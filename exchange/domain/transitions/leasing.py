"""The lease of a part that a robot fetched: renewed, given back, expired, or taken by the next fetch.

An expired lease changes nothing by itself. A late result counts as long as no fetch has taken the references.
"""

from dataclasses import replace

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain import events
from exchange.domain.batch import Batch
from exchange.domain.division import Lease, Part, count_expiry
from exchange.domain.durations import format_duration
from exchange.domain.errors import Conflict
from exchange.domain.limits import Deadlines
from exchange.domain.transitions.transition import RobotFailure, Transition, end


def renew(batch: Batch, event: events.LeaseRenewed, now: float, deadlines: Deadlines) -> Transition:
    """Set the end of the lease. An end that is not in the future gives the part back. Refused once it has expired."""
    if batch.lease is None:
        return refuse_without_lease(batch, event, now, deadlines)
    if now >= batch.lease.until:
        raise Conflict("The lease has expired. A result still counts until another fetch takes these references.")
    return Transition(replace(batch, lease=Lease(until=max(event.until, now), given_back=event.until <= now)))


def refuse_without_lease(_batch: Batch, _event: events.LeaseRenewed, _now: float, _deadlines: Deadlines) -> Transition:
    """Refuse the renewal of a lease that does not exist: only a part that was fetched has one."""
    raise Conflict("This is not a job that the robot fetched. It has no lease that could be renewed.")


def refuse_renewal(batch: Batch, _event: events.LeaseRenewed, _now: float, _deadlines: Deadlines) -> Transition:
    """Refuse a renewal of what is delivered or has ended."""
    raise Conflict(f"The job has the status '{batch.status}'. Its lease has ended.")


def expire(batch: Batch, lease: Lease, part: Part, deadlines: Deadlines) -> Transition:
    """End a part whose lease has expired."""
    range_after = count_expiry(part, lease)
    if range_after.expiries >= deadlines.lease_attempts:
        error = f"The lease on these references expired {range_after.expiries} times. No robot delivered a result."
        return end(batch, BatchStatus.FAILED, error, ErrorCode.LEASE_EXPIRED, RobotFailure.SILENT)
    what = "was given back" if lease.given_back else "expired"
    returned = replace(batch, part=replace(part, returned=True))
    error = f"The lease {what}. The references go to another part."
    return end(returned, BatchStatus.FAILED, error, ErrorCode.LEASE_EXPIRED)


def sweep(batch: Batch, lease: Lease, part: Part, now: float, deadlines: Deadlines) -> Transition:
    """End a part that no fetch takes: after its last lease, or when no robot fetched for `fetch_limit_s`."""
    if count_expiry(part, lease).expiries >= deadlines.lease_attempts:
        return expire(batch, lease, part, deadlines)
    if now >= lease.until + deadlines.fetch_limit_s:
        limit = format_duration(deadlines.fetch_limit_s)
        error = f"The lease on these references expired, and no robot fetched them within {limit}."
        return end(batch, BatchStatus.FAILED, error, ErrorCode.ROBOT_TIMEOUT, RobotFailure.SILENT)
    return Transition(replace(batch, resent_at=now))
