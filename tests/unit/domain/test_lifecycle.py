"""The lifecycle: every phase against every event, then what each move decides."""

from dataclasses import replace
from typing import get_args
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.domain import events
from exchange.domain.batch import Batch, Phase, Progress, Upload, Validation
from exchange.domain.errors import Conflict, ResultMissing
from exchange.domain.events import Event
from exchange.domain.messages import DispatchMessage, ImportMessage
from exchange.domain.lifecycle import ROWS, TABLE, apply, register
from tests.fakes.world import DEADLINES, START

NOW = START + 100_000
ATTEMPT = UUID("11111111-1111-4111-8111-111111111111")
UPLOAD = Upload(etag="one", last_modified=NOW - 5, size=10)
LATER = Upload(etag="two", last_modified=NOW - 1, size=20)
VALIDATION = Validation(attempt=ATTEMPT, etag="one", entries=3, accepted=3, missing=0)


def received(**facts: object) -> Batch:
    order = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[uuid4()], source=None)
    return replace(register(uuid4(), order, "somebody", NOW - 10, DEADLINES).batch, **facts)  # type: ignore[arg-type] # the test names facts


def calling(**facts: object) -> Batch:
    begun = {"calls_started": 1, "first_call_at": NOW - 5, "call_until": NOW + 25, "snapshot": ATTEMPT}
    return received(**{**begun, **facts})


def accepted(**facts: object) -> Batch:
    return calling(**{"status": BatchStatus.ACCEPTED, "accepted_at": NOW - 3, **facts})


def reported(**facts: object) -> Batch:
    return accepted(**{"status": BatchStatus.IMPORTING, "delivered_at": NOW - 2, "upload": UPLOAD, **facts})


def pinned(**facts: object) -> Batch:
    return reported(**{"validation": VALIDATION, "pinned": True, "worked_at": NOW - 1, **facts})


def ended(**facts: object) -> Batch:
    return pinned(**{"status": BatchStatus.COMPLETED, "due_at": None, "ended_at": NOW - 1, **facts})


OVERDUE = {"due_at": NOW - 1}
VARIANTS: dict[Phase, list[Batch]] = {
    Phase.RECEIVED: [
        received(),
        received(**OVERDUE),
        received(created_at=NOW - 7200, **OVERDUE),
        calling(),
        calling(first_call_at=NOW - 3600),
    ],
    Phase.ACCEPTED: [
        accepted(),
        accepted(**OVERDUE),
        accepted(accepted_at=NOW - 86_400, **OVERDUE),
        accepted(upload=UPLOAD, validation=VALIDATION),
    ],
    Phase.DELIVERED: [
        reported(),
        reported(validation=VALIDATION),
        reported(**OVERDUE),
        reported(resends=10, **OVERDUE),
    ],
    Phase.IMPORTING: [
        pinned(),
        pinned(progress=Progress(chunks=1, offset=9, added=3)),
        pinned(**OVERDUE),
        pinned(resends=10, **OVERDUE),
    ],
    Phase.ENDED: [
        ended(),
        ended(status=BatchStatus.PARTIAL_FAILED),
        ended(status=BatchStatus.FAILED, robot_error="no"),
        ended(status=BatchStatus.REJECTED, delivered_at=None, import_started=False),
    ],
}
OLD = Upload(etag="old", last_modified=NOW - 1000, size=1)
EVENTS: list[Event] = [
    events.CallStarted(1, ATTEMPT),
    events.CallStarted(2, ATTEMPT),
    events.RobotAccepted(),
    events.RobotRejected(1, 400, "no", None),
    events.RobotRejected(2, 409, "have it", None),
    events.RobotRejected(1, 400, "no", UPLOAD),
    events.RobotUnreachable(1, 1, "down", None, None),
    events.RobotUnreachable(1, 1, "down", None, UPLOAD),
    events.RobotUnreachable(7, 1, "down", None, None),
    events.RobotUnreachable(1, 7, "down", None, None),
    events.UploadSeen(UPLOAD),
    events.UploadSeen(LATER),
    events.WorkContinued(),
    events.ValidationFinished(VALIDATION, UPLOAD),
    events.ValidationFinished(VALIDATION, LATER),
    events.ValidationFinished(VALIDATION, None),
    events.CallbackSucceeded(UPLOAD),
    events.CallbackSucceeded(None),
    events.CallbackFailed("broken"),
    events.ImportStarted(UPLOAD),
    events.ImportStarted(LATER),
    events.ImportStarted(None),
    events.ChunkImported(Progress(chunks=1, offset=9, added=3)),
    events.ChunkImported(Progress(chunks=2, offset=18, added=3)),
    events.ReportWritten(ATTEMPT),
    events.Swept(None),
    events.Swept(UPLOAD),
    events.Swept(OLD),
]


def test_the_events_here_are_all_there_are() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))
    assert set(VARIANTS) == set(Phase)
    assert all(variant.phase is phase for phase, variants in VARIANTS.items() for variant in variants)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_every_phase_against_every_event(phase: Phase, event: Event) -> None:
    row = TABLE.get((phase, type(event)))
    for batch in VARIANTS[phase]:
        try:
            outcome = apply(batch, event, NOW, DEADLINES)
        except (Conflict, ResultMissing):
            assert row is not None
            continue
        if row is None:
            assert outcome.batch is batch
            assert outcome.message is None
            continue
        assert outcome.batch.phase in row.leads_to | {phase}
        # Open batches are always found by the sweep, ended ones never.
        assert (outcome.batch.due_at is None) == outcome.batch.ended
        assert (outcome.batch.ended_at is not None) == outcome.batch.ended
        assert outcome.message is None or not outcome.batch.ended
        if type(event) is events.Swept and outcome.message is not None:
            assert outcome.batch.due_at is not None
            assert outcome.batch.due_at > NOW, "the sweep moves the deadline on before it sends"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.phase}-{row.event.__name__}")
def test_every_move_of_the_table_happens(row: object) -> None:
    reached = set()
    for batch in VARIANTS[row.phase]:  # type: ignore[attr-defined] # a Row
        for event in EVENTS:
            if type(event) is row.event:  # type: ignore[attr-defined] # a Row
                try:
                    reached.add(apply(batch, event, NOW, DEADLINES).batch.phase)
                except (Conflict, ResultMissing):
                    continue
    assert reached - {row.phase} == row.leads_to  # type: ignore[attr-defined] # a Row


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_an_event_applied_twice_changes_nothing_more(event: Event) -> None:
    for batch in (variant for variants in VARIANTS.values() for variant in variants):
        try:
            once = apply(batch, event, NOW, DEADLINES).batch
            if type(event) is events.Swept and once.due_at is not None and once.due_at <= NOW:
                continue  # an upload that the sweep found is overdue by itself: the next sweep goes on from there
            twice = apply(once, event, NOW, DEADLINES).batch
        except (Conflict, ResultMissing):
            continue
        assert twice == once


def test_registration_is_due_for_dispatch_at_once() -> None:
    order = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[uuid4(), uuid4()], source="me")
    outcome = register(ATTEMPT, order, "somebody", NOW, DEADLINES)
    assert outcome.message == DispatchMessage(ATTEMPT, 1)
    assert (outcome.batch.status, outcome.batch.references, outcome.batch.source) == ("received", 2, "me")
    assert outcome.batch.due_at == NOW + 300


class TestDispatch:
    def test_nobody_else_calls_until_the_call_has_timed_out(self) -> None:
        begun = apply(received(), events.CallStarted(1, ATTEMPT), NOW, DEADLINES).batch
        assert begun.calls_started == 1
        assert apply(begun, events.CallStarted(1, uuid4()), NOW + 59, DEADLINES).batch is begun
        again = apply(begun, events.CallStarted(1, uuid4()), NOW + 60, DEADLINES).batch
        assert again.calls_started == 2
        assert (begun.first_call_at, again.first_call_at) == (NOW, NOW), "the time for all tries runs from the first"
        assert again.snapshot == ATTEMPT, "the reference data is taken once"

    def test_an_early_order_or_one_for_another_attempt_does_nothing(self) -> None:
        waiting = received(attempt=3, attempt_due_at=NOW + 60)
        assert apply(waiting, events.CallStarted(3, ATTEMPT), NOW, DEADLINES).batch is waiting
        for attempt in (2, 4):
            assert apply(waiting, events.CallStarted(attempt, ATTEMPT), NOW + 61, DEADLINES).batch is waiting

    def test_a_robot_out_of_reach_is_tried_again_with_growing_delays(self) -> None:
        batch, delays = calling(first_call_at=NOW), []
        for attempt in range(1, 9):
            outcome = apply(batch, events.RobotUnreachable(attempt, 1, "down", None, None), NOW, DEADLINES)
            batch = outcome.batch
            assert outcome.message == DispatchMessage(batch.id, attempt + 1, batch.attempt_due_at)
            delays.append(batch.attempt_due_at - NOW)
        for number, delay in enumerate(delays):
            plain = min(5 * 2**number, 600)
            assert plain <= delay <= plain * 1.25

    def test_a_message_may_come_a_little_early_as_clocks_differ(self) -> None:
        waiting = received(attempt_due_at=NOW + 5)
        assert apply(waiting, events.CallStarted(1, ATTEMPT), NOW, DEADLINES).batch.calls_started == 1
        assert apply(waiting, events.CallStarted(1, ATTEMPT), NOW - 0.5, DEADLINES).batch is waiting

    def test_the_refusal_of_an_overtaken_call_leaves_it_to_the_other(self) -> None:
        second = calling(calls_started=2)
        assert apply(second, events.RobotRejected(1, 422, "no", None), NOW, DEADLINES).batch is second
        assert apply(second, events.RobotRejected(1, 409, "have it", None), NOW, DEADLINES).batch.status == "accepted"
        assert apply(second, events.RobotRejected(2, 422, "no", None), NOW, DEADLINES).batch.status == "rejected"

    def test_a_batch_is_not_given_up_while_a_call_is_under_way(self) -> None:
        late = calling(created_at=NOW - 7200, call_until=NOW + 25, due_at=NOW)
        assert not apply(late, events.Swept(None), NOW, DEADLINES).batch.ended
        assert apply(late, events.Swept(None), NOW + 25, DEADLINES).batch.ended

    def test_the_outcome_of_a_call_that_another_has_overtaken_starts_no_third(self) -> None:
        second = calling(calls_started=2)
        assert apply(second, events.RobotUnreachable(1, 1, "down", None, None), NOW, DEADLINES).batch is second

    def test_retry_after_is_honoured_as_far_as_the_hour_goes(self) -> None:
        batch = calling(first_call_at=NOW - 100)
        soon = apply(batch, events.RobotUnreachable(1, 1, "busy", 1800.0, None), NOW, DEADLINES).batch
        assert soon.attempt_due_at == NOW + 1800
        late = apply(batch, events.RobotUnreachable(1, 1, "busy", 90_000.0, None), NOW, DEADLINES).batch
        assert late.attempt_due_at == NOW + 3500
        over = apply(
            calling(first_call_at=NOW - 3600, attempt=4),
            events.RobotUnreachable(4, 1, "HTTP 503: busy", 9.0, None),
            NOW,
            DEADLINES,
        )
        assert over.batch.status is BatchStatus.FAILED
        assert over.batch.error == "The robot could not be reached in 4 attempts: HTTP 503: busy"

    def test_a_robot_that_asks_for_nothing_is_waited_for_as_long_as_is_set(self) -> None:
        quick = replace(DEADLINES, robot_retry_first_delay_s=0.1)
        batch = apply(calling(first_call_at=NOW), events.RobotUnreachable(1, 1, "down", None, None), NOW, quick).batch
        assert 0.1 <= batch.attempt_due_at - NOW <= 0.126

    def test_a_refusal_ends_it_in_the_robots_words(self) -> None:
        batch = apply(calling(), events.RobotRejected(1, 422, "I only read English.", None), NOW, DEADLINES).batch
        assert (batch.status, batch.error) == (
            BatchStatus.REJECTED,
            "The robot refused the batch (HTTP 422): I only read English.",
        )

    def test_a_409_after_an_earlier_call_means_that_the_robot_has_the_batch(self) -> None:
        assert (
            apply(calling(), events.RobotRejected(1, 409, "no", None), NOW, DEADLINES).batch.status
            is BatchStatus.REJECTED
        )
        assert (
            apply(calling(), events.RobotRejected(2, 409, "no", None), NOW, DEADLINES).batch.status
            is BatchStatus.ACCEPTED
        )

    @pytest.mark.parametrize(
        "event",
        [events.RobotRejected(1, 400, "no", UPLOAD), events.RobotUnreachable(1, 1, "down", None, UPLOAD)],
        ids=repr,
    )
    def test_a_result_that_stands_wins_over_refusal_and_silence(self, event: Event) -> None:
        batch = apply(calling(first_call_at=NOW - 3600), event, NOW, DEADLINES).batch
        assert (batch.status, batch.upload) == (BatchStatus.ACCEPTED, UPLOAD)

    def test_a_result_that_the_sweep_finds_means_that_the_robot_has_the_batch(self) -> None:
        outcome = apply(calling(due_at=NOW, created_at=NOW - 7200), events.Swept(UPLOAD), NOW, DEADLINES)
        assert (outcome.batch.status, outcome.batch.upload, outcome.message) == ("accepted", UPLOAD, None)
        assert outcome.batch.accepted_at == NOW

    def test_what_a_call_still_yields_moves_nothing_back(self) -> None:
        for batch in (accepted(), reported(), pinned(), ended()):
            for event in EVENTS:
                if isinstance(event, events.RobotAccepted | events.RobotRejected | events.RobotUnreachable):
                    assert apply(batch, event, NOW, DEADLINES).batch is batch

    def test_an_overdue_dispatch_is_sent_again_and_given_up_after_two_hours(self) -> None:
        overdue = received(due_at=NOW)
        outcome = apply(overdue, events.Swept(None), NOW, DEADLINES)
        assert outcome.message == DispatchMessage(overdue.id, 1)
        assert outcome.batch.due_at == NOW + 300
        assert apply(outcome.batch, events.Swept(None), NOW + 299, DEADLINES).batch is outcome.batch
        over = apply(received(created_at=NOW - 7200, due_at=NOW), events.Swept(None), NOW, DEADLINES).batch
        assert over.status is BatchStatus.FAILED
        assert over.error == "The batch could not be handed to the robot within 2 h."


class TestDelivery:
    def test_an_upload_or_a_callback_counts_as_acceptance(self) -> None:
        assert apply(calling(), events.UploadSeen(UPLOAD), NOW, DEADLINES).batch.status is BatchStatus.ACCEPTED
        outcome = apply(calling(), events.CallbackSucceeded(UPLOAD), NOW, DEADLINES)
        assert outcome.batch.status is BatchStatus.IMPORTING
        assert outcome.batch.accepted_at == NOW

    def test_the_first_sign_of_acceptance_counts(self) -> None:
        for event in (events.CallbackSucceeded(UPLOAD), events.CallbackFailed("no")):
            assert apply(accepted(), event, NOW, DEADLINES).batch.accepted_at == NOW - 3
            assert apply(calling(), event, NOW, DEADLINES).batch.accepted_at == NOW

    def test_the_same_upload_again_changes_nothing(self) -> None:
        for batch in (accepted(upload=UPLOAD), reported()):
            assert apply(batch, events.UploadSeen(UPLOAD), NOW, DEADLINES).batch is batch

    def test_a_validation_is_progress(self) -> None:
        stalled = reported(upload=LATER, worked_at=NOW - 50, resent_at=NOW - 40, resends=3)
        batch = apply(stalled, events.ValidationFinished(VALIDATION, UPLOAD), NOW, DEADLINES).batch
        assert (batch.validation, batch.upload, batch.worked_at, batch.resends) == (VALIDATION, UPLOAD, NOW, 0)
        assert batch.due_at == NOW + 120

    def test_the_first_validation_of_an_upload_counts(self) -> None:
        batch = reported(validation=VALIDATION)
        again = apply(batch, events.ValidationFinished(replace(VALIDATION, attempt=uuid4()), UPLOAD), NOW, DEADLINES)
        assert again.batch is batch
        assert again.message is None

    def test_no_upload_has_no_validation(self) -> None:
        assert reported(validation=VALIDATION).validation_of(UPLOAD) == VALIDATION
        assert reported(validation=VALIDATION).validation_of(LATER) is None
        assert reported(validation=VALIDATION).validation_of(None) is None
        assert reported().validation_of(UPLOAD) is None

    def test_the_import_is_due_once_both_have_come_in_either_order(self) -> None:
        validated = apply(accepted(), events.ValidationFinished(VALIDATION, UPLOAD), NOW, DEADLINES)
        assert validated.due is None
        assert apply(validated.batch, events.CallbackSucceeded(UPLOAD), NOW, DEADLINES).due == ImportMessage(
            validated.batch.id
        )
        told = apply(accepted(), events.CallbackSucceeded(UPLOAD), NOW, DEADLINES)
        assert told.due is None
        assert told.batch.upload == UPLOAD
        assert told.batch.due_at == NOW + 120, "blob events get lost"
        assert apply(told.batch, events.ValidationFinished(VALIDATION, UPLOAD), NOW, DEADLINES).due == ImportMessage(told.batch.id)

    def test_a_validation_counts_only_if_its_upload_still_stands(self) -> None:
        for current_upload in (LATER, None):
            batch = reported()
            outcome = apply(batch, events.ValidationFinished(VALIDATION, current_upload), NOW, DEADLINES)
            assert outcome.batch is batch
            assert outcome.message is None

    def test_a_callback_for_a_replaced_upload_waits_for_its_validation(self) -> None:
        outcome = apply(accepted(validation=VALIDATION, upload=UPLOAD), events.CallbackSucceeded(LATER), NOW, DEADLINES)
        assert outcome.batch.status is BatchStatus.IMPORTING
        assert outcome.message is None

    def test_a_success_without_a_result_leaves_the_batch_open(self) -> None:
        with pytest.raises(ResultMissing):
            apply(accepted(), events.CallbackSucceeded(None), NOW, DEADLINES)

    def test_the_later_of_two_uploads_is_kept_whatever_their_order(self) -> None:
        batch = apply(accepted(upload=LATER), events.UploadSeen(UPLOAD), NOW, DEADLINES).batch
        assert batch.upload == LATER
        assert apply(accepted(upload=UPLOAD), events.UploadSeen(LATER), NOW, DEADLINES).batch.upload == LATER

    def test_of_two_uploads_of_the_same_second_the_one_seen_last_is_kept(self) -> None:
        other = replace(UPLOAD, etag="other")
        assert apply(accepted(upload=UPLOAD), events.UploadSeen(other), NOW, DEADLINES).batch.upload == other

    @pytest.mark.parametrize("batch", [calling(), accepted(validation=VALIDATION, upload=UPLOAD), reported()])
    def test_an_error_before_the_pin_fails_the_batch(self, batch: Batch) -> None:
        failed = apply(batch, events.CallbackFailed("out of memory"), NOW, DEADLINES).batch
        assert (failed.status, failed.error) == (BatchStatus.FAILED, "The robot reported an error: out of memory")
        assert failed.robot_error == "out of memory"

    def test_the_same_callback_again_is_fine_and_a_contradicting_one_is_not(self) -> None:
        for batch in (reported(), pinned(), ended()):
            assert apply(batch, events.CallbackSucceeded(UPLOAD), NOW, DEADLINES).batch is batch
        failed = ended(status=BatchStatus.FAILED, robot_error="no")
        assert apply(failed, events.CallbackFailed("no"), NOW, DEADLINES).batch is failed
        for batch, event in (
            (failed, events.CallbackSucceeded(UPLOAD)),
            (pinned(), events.CallbackFailed("no")),
            (ended(), events.CallbackFailed("no")),
            (ended(delivered_at=None), events.CallbackSucceeded(UPLOAD)),
            (ended(delivered_at=None), events.CallbackFailed("no")),
        ):
            with pytest.raises(Conflict):
                apply(batch, event, NOW, DEADLINES)

    def test_after_the_pin_uploads_change_nothing(self) -> None:
        for batch in (pinned(), ended()):
            for event in (events.UploadSeen(LATER), events.ValidationFinished(VALIDATION, UPLOAD), events.ImportStarted(LATER)):
                assert apply(batch, event, NOW, DEADLINES).batch is batch

    def test_an_upload_without_a_callback_is_taken_as_reported(self) -> None:
        old = replace(UPLOAD, last_modified=NOW - 900)
        outcome = apply(accepted(due_at=NOW), events.Swept(old), NOW, DEADLINES)
        assert outcome.batch.status is BatchStatus.IMPORTING
        assert outcome.message is None
        validated = accepted(due_at=NOW, validation=VALIDATION, upload=old)
        assert apply(validated, events.Swept(old), NOW, DEADLINES).due == ImportMessage(validated.id)

    def test_an_upload_that_the_sweep_finds_is_waited_for_from_its_own_time_on(self) -> None:
        outcome = apply(accepted(due_at=NOW), events.Swept(UPLOAD), NOW, DEADLINES)
        assert outcome.batch.status is BatchStatus.ACCEPTED
        assert outcome.batch.due_at == UPLOAD.last_modified + 900

    def test_a_robot_that_still_has_time_is_looked_at_again_later(self) -> None:
        outcome = apply(accepted(due_at=NOW), events.Swept(None), NOW, DEADLINES)
        assert (outcome.batch.status, outcome.batch.due_at, outcome.message) == (BatchStatus.ACCEPTED, NOW + 900, None)
        almost = accepted(accepted_at=NOW - 86_399, due_at=NOW)
        assert apply(almost, events.Swept(None), NOW, DEADLINES).batch.due_at == NOW + 1

    def test_a_silent_robot_fails_the_batch_after_a_last_look(self) -> None:
        silent = accepted(accepted_at=NOW - 86_400, due_at=NOW)
        batch = apply(silent, events.Swept(None), NOW, DEADLINES).batch
        assert (batch.status, batch.error) == (
            BatchStatus.FAILED,
            "The robot took the batch, but delivered no result within 24 h.",
        )
        assert apply(silent, events.Swept(UPLOAD), NOW, DEADLINES).batch.status is BatchStatus.ACCEPTED


class TestImport:
    def test_the_pin_takes_the_validation_of_the_upload_that_stands(self) -> None:
        stalled = reported(validation=VALIDATION, upload=LATER, worked_at=NOW - 50, resent_at=NOW - 40, resends=3)
        batch = apply(stalled, events.ImportStarted(UPLOAD), NOW, DEADLINES).batch
        assert (batch.import_started, batch.upload, batch.resends, batch.due_at) == (True, UPLOAD, 0, NOW + 900)
        unvalidated = reported(validation=VALIDATION)
        assert apply(unvalidated, events.ImportStarted(LATER), NOW, DEADLINES).batch is unvalidated

    def test_a_result_that_is_gone_fails_the_batch(self) -> None:
        batch = apply(reported(), events.ImportStarted(None), NOW, DEADLINES).batch
        assert (batch.status, batch.error) == (BatchStatus.FAILED, "The result file is gone: nothing was imported.")

    def test_progress_is_recorded_window_by_window(self) -> None:
        first = Progress(chunks=1, offset=100, added=4)
        batch = apply(pinned(resends=3), events.ChunkImported(first), NOW, DEADLINES).batch
        assert (batch.progress, batch.resends, batch.due_at) == (first, 0, NOW + 900)
        for other in (first, Progress(chunks=3, offset=300, added=12)):
            assert apply(batch, events.ChunkImported(other), NOW, DEADLINES).batch is batch

    @pytest.mark.parametrize(
        ("entries", "missing", "added", "status"),
        [
            (3, 0, 3, BatchStatus.COMPLETED),
            (3, 1, 3, BatchStatus.PARTIAL_FAILED),
            (4, 0, 3, BatchStatus.PARTIAL_FAILED),
            (3, 0, 2, BatchStatus.PARTIAL_FAILED),
            (3, 0, 0, BatchStatus.FAILED),
            (0, 3, 0, BatchStatus.FAILED),
        ],
    )
    def test_it_ends_by_the_counts(self, entries: int, missing: int, added: int, status: BatchStatus) -> None:
        validation = replace(VALIDATION, entries=entries, missing=missing)
        batch = pinned(validation=validation, progress=Progress(chunks=1, added=added))
        batch = apply(batch, events.ReportWritten(ATTEMPT), NOW, DEADLINES).batch
        assert (batch.status, batch.report, batch.due_at, batch.ended_at) == (status, ATTEMPT, None, NOW)
        assert (batch.error is None) == (status is not BatchStatus.FAILED)

    def test_a_stalled_import_is_sent_again_ten_times_and_then_fails(self) -> None:
        batch, now, sends = pinned(progress=Progress(chunks=1, offset=9, added=2)), NOW, 0
        while not batch.ended:
            assert batch.due_at is not None
            now = max(batch.due_at, now)
            outcome = apply(batch, events.Swept(None), now, DEADLINES)
            sends += outcome.message == ImportMessage(batch.id)
            batch = outcome.batch
        assert sends == 10
        assert batch.error == "The import made no progress in 10 tries: 2 of 3 accepted enhancements were added."

    def test_a_stalled_import_is_not_sent_twice_for_one_deadline(self) -> None:
        stalled = pinned(worked_at=NOW - 900, due_at=NOW)
        batch = apply(stalled, events.Swept(None), NOW, DEADLINES).batch
        assert (batch.due_at, batch.resends) == (NOW + 900, 1)
        assert apply(batch, events.Swept(None), NOW + 899, DEADLINES).batch is batch

    @pytest.mark.parametrize("validation", [None, VALIDATION])
    def test_a_batch_that_is_never_pinned_fails_without_an_import(self, validation: Validation | None) -> None:
        stalled = reported(validation=validation, resends=10, due_at=NOW)
        batch = apply(stalled, events.Swept(None), NOW, DEADLINES).batch
        assert batch.status is BatchStatus.FAILED
        assert batch.error == "The result could not be validated in 10 tries: nothing was imported."

    def test_work_puts_the_deadline_off_but_is_no_progress(self) -> None:
        batch = apply(pinned(resends=9), events.WorkContinued(), NOW, DEADLINES).batch
        assert (batch.due_at, batch.resends) == (NOW + 900, 9)

    def test_a_validation_at_work_is_not_started_a_second_time(self) -> None:
        batch = apply(reported(), events.WorkContinued(), NOW + 60, DEADLINES).batch
        assert batch.due_at == NOW + 60 + 120
