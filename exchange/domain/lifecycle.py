"""The lifecycle of a batch: a state machine in one table.

`apply` takes a batch and an event and returns the transition. It does no I/O and reads no clock. `ROWS` is the whole
table. An event that has no row for the batch's phase changes nothing. This makes late and repeated events harmless.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.domain.deadlines import find_due_at
from exchange.domain.division import Division, Lease, Part, derive_part_id
from exchange.domain.events import Event
from exchange.domain.id_list import IdList
from exchange.domain.limits import Deadlines
from exchange.domain.messages import DispatchMessage
from exchange.domain.transitions import (
    cancelling,
    delivery,
    dispatching,
    dividing,
    importing,
    leasing,
    notifying,
    reading,
    retrying,
    validating,
)
from exchange.domain.transitions.transition import Transition

Decide = Callable[[Batch, Any, float, Deadlines], Transition]


@dataclass(frozen=True, slots=True)
class Row:
    """In `phase`, `decide` handles `event`. The batch stays in its phase or goes to one of `leads_to`."""

    phase: Phase
    event: type
    decide: Decide
    leads_to: frozenset[Phase]


def _rows(phase: Phase, *cells: tuple[type, Decide, set[Phase]]) -> tuple[Row, ...]:
    return tuple(Row(phase, event, decide, frozenset(leads_to)) for event, decide, leads_to in cells)


_ACCEPTED, _DELIVERED, _IMPORTING, _ENDED = Phase.ACCEPTED, Phase.DELIVERED, Phase.IMPORTING, Phase.ENDED
_REPORTING = Phase.REPORTING

ROWS: tuple[Row, ...] = (
    *_rows(
        Phase.READING,
        (events.Confirmed, dispatching.confirm, set()),
        (events.WorkContinued, importing.continue_work, set()),
        (events.IdsRead, reading.record_ids, {Phase.RECEIVED, Phase.DIVIDED, _ENDED}),
        (events.IdsRefused, reading.refuse_ids, {_ENDED}),
        (events.CancelRequested, cancelling.cancel, {_ENDED}),
        (events.LeaseRenewed, leasing.refuse_without_lease, set()),
        (events.Swept, reading.sweep, {_ENDED}),
    ),
    *_rows(
        Phase.RECEIVED,
        (events.Confirmed, dispatching.confirm, set()),
        (events.CallStarted, dispatching.start_call, set()),
        (events.RobotAccepted, dispatching.accept, {_ACCEPTED}),
        (events.RobotRejected, dispatching.reject, {_ACCEPTED, _ENDED}),
        (events.RobotUnreachable, dispatching.retry_call, {_ACCEPTED, _ENDED}),
        (events.ValidationStarted, validating.start_validation, {_ACCEPTED}),
        (events.CallbackSucceeded, delivery.deliver, {_DELIVERED}),
        (events.CallbackFailed, delivery.fail, {_ENDED}),
        (events.CancelRequested, cancelling.cancel, {_ENDED}),
        (events.LeaseRenewed, leasing.refuse_without_lease, set()),
        (events.Swept, dispatching.sweep, {_ACCEPTED, _ENDED}),
    ),
    *_rows(
        Phase.ACCEPTED,
        (events.ValidationStarted, validating.start_validation, set()),
        (events.WorkContinued, importing.continue_work, set()),
        (events.ValidationAborted, validating.abort_validation, set()),
        (events.ValidationFinished, validating.record_validation, set()),
        (events.CallbackSucceeded, delivery.deliver, {_DELIVERED}),
        (events.CallbackFailed, delivery.fail, {_ENDED}),
        (events.CancelRequested, cancelling.cancel, {_ENDED}),
        (events.LeaseRenewed, leasing.renew, set()),
        (events.LeaseTaken, delivery.take, {_DELIVERED, _ENDED}),
        (events.Swept, delivery.sweep, {_DELIVERED, _ENDED}),
    ),
    *_rows(
        Phase.DELIVERED,
        (events.ValidationStarted, validating.start_validation, set()),
        (events.WorkContinued, importing.continue_work, set()),
        (events.ValidationAborted, validating.abort_validation, set()),
        (events.ValidationFinished, validating.record_validation, {_IMPORTING}),
        (events.CallbackFailed, delivery.fail, {_ENDED}),
        (events.CancelRequested, cancelling.cancel, {_ENDED}),
        (events.ImportStarted, importing.start_import, {_IMPORTING, _ENDED}),
        (events.LeaseRenewed, leasing.refuse_renewal, set()),
        (events.Swept, importing.sweep, {_ENDED}),
    ),
    *_rows(
        Phase.IMPORTING,
        (events.WorkContinued, importing.continue_work, set()),
        (events.CallbackFailed, delivery.refuse_late_error, set()),
        (events.ChunkImported, importing.record_chunk, set()),
        (events.ReportWritten, importing.finish, {_ENDED}),
        (events.CancelRequested, cancelling.stop_import, set()),
        (events.LeaseRenewed, leasing.refuse_renewal, set()),
        (events.Swept, importing.sweep, {_ENDED}),
    ),
    *_rows(
        Phase.DIVIDED,
        (events.Confirmed, dispatching.confirm, set()),
        (events.PartMade, dividing.record_part, set()),
        (events.PartAccepted, dividing.accept_part, set()),
        (events.PartEnded, dividing.end_part, {_REPORTING}),
        (events.CancelRequested, dividing.cancel_parts, {_REPORTING, _ENDED}),
        (events.LeaseRenewed, leasing.refuse_without_lease, set()),
        (events.Swept, dividing.sweep, {_REPORTING, _ENDED}),
    ),
    *_rows(
        Phase.REPORTING,
        (events.WorkContinued, importing.continue_work, set()),
        (events.ReportWritten, dividing.finish, {_ENDED}),
        (events.CancelRequested, dividing.refuse_late_cancel, set()),
        (events.LeaseRenewed, leasing.refuse_without_lease, set()),
        (events.Swept, dividing.sweep_report, {_ENDED}),
    ),
    *_rows(
        Phase.ENDED,
        (events.CallbackSucceeded, delivery.repeat_success, set()),
        (events.CallbackFailed, delivery.repeat_error, set()),
        (events.CancelRequested, cancelling.repeat_cancel, set()),
        (events.LeaseRenewed, leasing.refuse_renewal, set()),
        (events.Retried, retrying.record_retry, set()),
        (events.EndNotified, notifying.record, set()),
        (events.Swept, notifying.sweep, set()),
    ),
)

TABLE: dict[tuple[Phase, type], Row] = {(row.phase, row.event): row for row in ROWS}


def apply(batch: Batch, event: Event, now: float, deadlines: Deadlines) -> Transition:
    """Return the transition that this event causes. If `transition.batch is batch`, nothing changed.

    Raises Conflict for a callback that contradicts a recorded one, for a lease that cannot be renewed and for a
    cancellation that is too late, and ResultMissing for a callback without a result.
    """
    row = TABLE.get((batch.phase, type(event)))
    if row is None:
        return Transition(batch)
    transition = row.decide(batch, event, now, deadlines)
    after = transition.batch
    if after is batch:
        return transition
    if after.ended and not batch.ended:
        after = replace(after, ended_at=now)
    # A batch that has changed can no longer be withdrawn.
    return _with_due_at(replace(transition, batch=replace(after, unconfirmed=False)), deadlines)


def request_notification(ending: Transition, deadlines: Deadlines) -> Transition:
    """Return the transition that ends a batch, with the notification of webhooks."""
    return _with_due_at(notifying.request(ending), deadlines)


def register(
    batch_id: UUID, request: BatchEnhancementRequestIn, requestor: str, now: float, deadlines: Deadlines
) -> Transition:
    """Return a new batch for this request, and the message for its first dispatch."""
    batch = Batch(
        id=batch_id,
        robot_id=request.robot_id,
        requestor=requestor,
        source=request.source,
        metadata=request.metadata,
        reference_count=len(request.reference_ids or []),
        created_at=now,
        status=BatchStatus.RECEIVED,
        test_run=request.test_run,
        attempt_due_at=now,
    )
    return _with_due_at(Transition(batch, DispatchMessage(batch_id, batch.attempt)), deadlines)


def read_list(registered: Transition, id_list: IdList, deadlines: Deadlines) -> Transition:
    """Return the new batch as one whose references are in an uploaded list. Its message has the list read first."""
    return _with_due_at(replace(registered, batch=replace(registered.batch, id_list=id_list)), deadlines)


def divide(registered: Transition, division: Division, deadlines: Deadlines) -> Transition:
    """Return the new batch as a batch request in parts."""
    return _with_due_at(dividing.divide(registered, division), deadlines)


def register_part(request: Batch, part: Part, lease: Lease | None, now: float, deadlines: Deadlines) -> Transition:
    """Return a new part of a batch request. With a lease, a robot has fetched it. Else it is to be sent to one.

    What a robot fetches has the snapshot of its `holder`, which is to be written.
    """
    batch = Batch(
        id=derive_part_id(request.registration, part.number),
        robot_id=request.robot_id,
        requestor=request.requestor,
        source=request.source,
        reference_count=part.range.count,
        created_at=now,
        status=BatchStatus.RECEIVED if lease is None else BatchStatus.ACCEPTED,
        test_run=request.test_run,
        trace=request.trace,
        robot_version=request.robot_version,
        manifest=request.manifest,
        selected=request.selected,
        part=part,
        lease=lease,
        snapshot=None if lease is None else part.holder,
        accepted_at=None if lease is None else now,
        attempt_due_at=now,
    )
    message = DispatchMessage(batch.id, batch.attempt) if lease is None else None
    return _with_due_at(Transition(batch, message), deadlines)


def _with_due_at(transition: Transition, deadlines: Deadlines) -> Transition:
    batch = transition.batch
    return replace(transition, batch=replace(batch, due_at=find_due_at(batch, deadlines)))
