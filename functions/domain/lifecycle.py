"""How a batch moves: the one place that decides it.

`apply` takes a batch and an event and gives the batch as it is then, and what is due. It does no I/O and asks no
clock. `ROWS` is the whole table: an event that has no row for the phase that a batch is in changes nothing, which is
what makes late and repeated events harmless.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from functions.contract.batches import BatchEnhancementRequestIn, BatchStatus
from functions.domain import events
from functions.domain.batch import Batch, Phase
from functions.domain.deadlines import due_at
from functions.domain.events import Event
from functions.domain.limits import Deadlines
from functions.domain.moves import delivery, dispatching, importing
from functions.domain.moves.outcome import Outcome

Move = Callable[[Batch, Any, float, Deadlines], Outcome]


@dataclass(frozen=True, slots=True)
class Row:
    """In this phase, this event is decided by this move, which leads to one of these phases or stays."""

    phase: Phase
    event: type
    move: Move
    leads_to: frozenset[Phase]


def _rows(phase: Phase, *cells: tuple[type, Move, set[Phase]]) -> tuple[Row, ...]:
    return tuple(Row(phase, event, move, frozenset(leads_to)) for event, move, leads_to in cells)


_ACCEPTED, _REPORTED, _PINNED, _ENDED = Phase.ACCEPTED, Phase.REPORTED, Phase.PINNED, Phase.ENDED

ROWS: tuple[Row, ...] = (
    *_rows(
        Phase.RECEIVED,
        (events.CallBegun, dispatching.call_begun, set()),
        (events.RobotTook, dispatching.robot_took, {_ACCEPTED}),
        (events.RobotRefused, dispatching.robot_refused, {_ACCEPTED, _ENDED}),
        (events.RobotOutOfReach, dispatching.robot_out_of_reach, {_ACCEPTED, _ENDED}),
        (events.Uploaded, delivery.uploaded, {_ACCEPTED}),
        (events.Validated, delivery.validated, {_ACCEPTED}),
        (events.ReportedSuccess, delivery.reported_success, {_REPORTED}),
        (events.ReportedError, delivery.reported_error, {_ENDED}),
        (events.Swept, dispatching.swept, {_ACCEPTED, _ENDED}),
    ),
    *_rows(
        Phase.ACCEPTED,
        (events.Uploaded, delivery.uploaded, set()),
        (events.Worked, importing.worked, set()),
        (events.Validated, delivery.validated, set()),
        (events.ReportedSuccess, delivery.reported_success, {_REPORTED}),
        (events.ReportedError, delivery.reported_error, {_ENDED}),
        (events.Swept, delivery.swept, {_REPORTED, _ENDED}),
    ),
    *_rows(
        Phase.REPORTED,
        (events.Uploaded, delivery.uploaded, set()),
        (events.Worked, importing.worked, set()),
        (events.Validated, delivery.validated, set()),
        (events.ReportedError, delivery.reported_error, {_ENDED}),
        (events.ImportBegun, importing.begun, {_PINNED, _ENDED}),
        (events.Swept, importing.swept, {_ENDED}),
    ),
    *_rows(
        Phase.PINNED,
        (events.Worked, importing.worked, set()),
        (events.ReportedError, delivery.contradicted, set()),
        (events.WindowImported, importing.window_imported, set()),
        (events.ReportWritten, importing.report_written, {_ENDED}),
        (events.Swept, importing.swept, {_ENDED}),
    ),
    *_rows(
        Phase.ENDED,
        (events.ReportedSuccess, delivery.success_after_the_end, set()),
        (events.ReportedError, delivery.error_after_the_end, set()),
    ),
)

TABLE: dict[tuple[Phase, type], Row] = {(row.phase, row.event): row for row in ROWS}


def apply(batch: Batch, event: Event, now: float, deadlines: Deadlines) -> Outcome:
    """Give the batch as it is after the event, and what is due; the same batch, unchanged, where nothing changes.

    Raises AlreadyDone for a callback that contradicts what is settled, ResultMissing for one without a result.
    """
    row = TABLE.get((batch.phase, type(event)))
    if row is None:
        return Outcome(batch)
    outcome = row.move(batch, event, now, deadlines)
    if outcome.batch is batch:
        return outcome
    moved = outcome.batch
    if moved.ended:
        moved = replace(moved, ended_at=now)
    return Outcome(replace(moved, due_at=due_at(moved, deadlines)), outcome.due)


def register(
    batch_id: UUID, order: BatchEnhancementRequestIn, requestor: str, now: float, deadlines: Deadlines
) -> Outcome:
    """Give a new batch for this order; its first dispatch is due."""
    batch = Batch(
        id=batch_id,
        robot_id=order.robot_id,
        requestor=requestor,
        source=order.source,
        references=len(order.reference_ids),
        created_at=now,
        status=BatchStatus.RECEIVED,
        attempt_due_at=now,
    )
    return Outcome(replace(batch, due_at=due_at(batch, deadlines)), events.SendDispatch(batch_id, batch.attempt))
