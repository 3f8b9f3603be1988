"""The lifecycle: every event in every phase, then the decisions of each transition."""

from contextlib import suppress
from dataclasses import replace
from typing import get_args
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus, ErrorCode
from exchange.domain import events
from exchange.domain.batch import Batch, Outcome, Phase, Progress, Upload, Validation, ValidationClaim
from exchange.domain.division import Division, Lease, Part, PartOutcome, Range
from exchange.domain.errors import Conflict, ResultMissing
from exchange.domain.events import Event
from exchange.domain.id_list import IdList
from exchange.domain.lifecycle import ROWS, TABLE, Row, apply, register, request_notification
from exchange.domain.messages import DispatchMessage, ImportMessage, Message, NotifyMessage, ValidateMessage
from exchange.domain.transitions.transition import RobotFailure
from tests.fakes.world import DEADLINES, START

NOW = START + 100_000
ATTEMPT = UUID("11111111-1111-4111-8111-111111111111")
UPLOAD = Upload(etag="one", last_modified=NOW - 5, size=10)
LATER = Upload(etag="two", last_modified=NOW - 1, size=20)
OUTCOME = Outcome(enhanced=3)
VALIDATION = Validation(attempt=ATTEMPT, etag="one", entries=3, accepted=3, missing=0)
HOLDER, OTHER_HOLDER = UUID("22222222-2222-4222-8222-222222222222"), UUID("33333333-3333-4333-8333-333333333333")
CLAIM = ValidationClaim(holder=HOLDER, upload=UPLOAD)
CLAIMED = {"validation_claim": CLAIM, "worked_at": NOW - 1}
LARGE = Upload(etag="one", last_modified=NOW - 5, size=(4 << 20) + 1)


def received(**fields: object) -> Batch:
    request = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[uuid4()], source=None)
    return replace(register(uuid4(), request, "requestor", NOW - 10, DEADLINES).batch, **fields)  # type: ignore[arg-type] # the test chooses the fields


IDS = IdList(upload=ATTEMPT, etag="one")


def reading(**fields: object) -> Batch:
    return received(**{"reference_count": 0, "id_list": IDS, **fields})


def calling(**fields: object) -> Batch:
    started = {"calls_started": 1, "first_call_at": NOW - 5, "call_until": NOW + 25, "snapshot": ATTEMPT}
    return received(**{**started, **fields})


def accepted(**fields: object) -> Batch:
    return calling(**{"status": BatchStatus.ACCEPTED, "accepted_at": NOW - 3, **fields})


def delivered(**fields: object) -> Batch:
    return accepted(**{"status": BatchStatus.IMPORTING, "delivered_at": NOW - 2, "upload": UPLOAD, **fields})


def importing(**fields: object) -> Batch:
    return delivered(**{"validation": VALIDATION, "import_started": True, "worked_at": NOW - 1, **fields})


def ended(**fields: object) -> Batch:
    return importing(**{"status": BatchStatus.COMPLETED, "due_at": None, "ended_at": NOW - 1, **fields})


TEN = Range(start=0, count=10)
PART = Part(of=HOLDER, number=1, range=TEN, holder=HOLDER)
LEASED = {"part": PART, "lease": Lease(until=NOW + 600)}
EXPIRED = {"part": PART, "lease": Lease(until=NOW - 1000)}
LAST_LEASE = {"part": replace(PART, range=replace(TEN, expiries=2)), "lease": Lease(until=NOW - 1000)}
DONE = PartOutcome(status=BatchStatus.COMPLETED, enhanced=10, added=10, entries={"total": 10, "added": 10})
UNANSWERED = PartOutcome(status=BatchStatus.FAILED, error="silent", error_code=ErrorCode.ROBOT_TIMEOUT, failed=10)
RETURNED = PartOutcome(status=BatchStatus.FAILED, returned=replace(TEN, expiries=1))


def divided(division: Division, **fields: object) -> Batch:
    return received(**{"reference_count": 20, "division": division, "status": BatchStatus.ACCEPTED, **fields})


def reporting(**fields: object) -> Batch:
    both = Division(size=10).cut(TEN, NOW - 9).cut(replace(TEN, start=10), NOW - 9)
    all_ended = both.end_part(1, DONE).end_part(2, UNANSWERED)
    return divided(all_ended, **{"status": BatchStatus.IMPORTING, "delivered_at": NOW - 2, **fields})


OVERDUE = {"due_at": NOW - 1}
FETCHED = Division().cut(TEN, NOW - 9)
SENT = Division(size=10).cut(TEN, NOW - 9)
CANCELLED = {"cancel_requested_at": NOW - 3}
VARIANTS: dict[Phase, list[Batch]] = {
    Phase.READING: [
        reading(),
        reading(unconfirmed=True),
        reading(worked_at=NOW - 1),
        reading(**OVERDUE),
        reading(resends=10, **OVERDUE),
    ],
    Phase.RECEIVED: [
        received(),
        received(**OVERDUE),
        received(unconfirmed=True),
        received(created_at=NOW - 7200, **OVERDUE),
        calling(),
        calling(first_call_at=NOW - 3600),
    ],
    Phase.ACCEPTED: [
        accepted(),
        accepted(**OVERDUE),
        accepted(accepted_at=NOW - 86_400, **OVERDUE),
        accepted(upload=UPLOAD, validation=VALIDATION),
        accepted(upload=UPLOAD, **CLAIMED),
        accepted(**LEASED),
        accepted(**EXPIRED),
        accepted(**EXPIRED, **OVERDUE),
        accepted(**LAST_LEASE, **OVERDUE),
    ],
    Phase.DELIVERED: [
        delivered(),
        delivered(validation=VALIDATION),
        delivered(**CLAIMED),
        delivered(**OVERDUE),
        delivered(resends=10, **OVERDUE),
    ],
    Phase.IMPORTING: [
        importing(),
        importing(progress=Progress(chunks=1, offset=9, added=3)),
        importing(**OVERDUE),
        importing(resends=10, **OVERDUE),
        importing(cancel_requested_at=NOW - 1, last_chunk=1),
    ],
    Phase.DIVIDED: [
        divided(Division(), status=BatchStatus.RECEIVED),
        divided(Division(), **OVERDUE),
        divided(Division(size=10), status=BatchStatus.RECEIVED, **OVERDUE),
        divided(FETCHED),
        divided(FETCHED, **CANCELLED),
        divided(FETCHED, unconfirmed=True),
        divided(FETCHED.end_part(1, DONE)),
        divided(FETCHED.end_part(1, DONE), **OVERDUE),
        divided(SENT, status=BatchStatus.RECEIVED),
        divided(SENT, **OVERDUE),
        divided(SENT, reference_count=10),
        divided(SENT.end_part(1, DONE)),
    ],
    Phase.REPORTING: [reporting(), reporting(**OVERDUE), reporting(resends=10, **OVERDUE)],
    Phase.ENDED: [
        ended(),
        ended(status=BatchStatus.PARTIAL_FAILED),
        ended(status=BatchStatus.FAILED, robot_error="no"),
        ended(status=BatchStatus.REJECTED, delivered_at=None, import_started=False),
        ended(status=BatchStatus.FAILED, cancel_requested_at=NOW - 1, import_started=False),
        ended(notify_due=True, due_at=NOW + 299),
        ended(notify_due=True, **OVERDUE),
        ended(notify_due=True, ended_at=NOW - 86_400, **OVERDUE),
    ],
}
OLD = Upload(etag="old", last_modified=NOW - 1000, size=1)
EVENTS: list[Event] = [
    events.CallStarted(1, ATTEMPT),
    events.CallStarted(2, ATTEMPT),
    events.Confirmed(),
    events.IdsRead(ATTEMPT, 20, 0, None, None),
    events.IdsRead(ATTEMPT, 20, 20, HOLDER, None),
    events.IdsRead(ATTEMPT, 20, 5, HOLDER, Division()),
    events.IdsRead(ATTEMPT, 20, 5, HOLDER, Division(size=10)),
    events.IdsRefused("line 1: no id"),
    events.RobotAccepted(),
    events.RobotRejected(1, 400, "no", None),
    events.RobotRejected(2, 409, "already received", None),
    events.RobotRejected(1, 400, "no", UPLOAD),
    events.RobotUnreachable(1, 1, "down", None, None),
    events.RobotUnreachable(1, 1, "down", None, UPLOAD),
    events.RobotUnreachable(7, 1, "down", None, None),
    events.RobotUnreachable(1, 7, "down", None, None),
    events.ValidationStarted(HOLDER, UPLOAD),
    events.ValidationStarted(OTHER_HOLDER, LATER),
    events.ValidationStarted(OTHER_HOLDER, None),
    events.WorkContinued(),
    events.ValidationAborted(HOLDER),
    events.ValidationAborted(OTHER_HOLDER),
    events.ValidationFinished(VALIDATION, UPLOAD),
    events.ValidationFinished(VALIDATION, UPLOAD, starts_import=True),
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
    events.ReportWritten(ATTEMPT, OUTCOME),
    events.ReportWritten(ATTEMPT, None),
    events.CancelRequested("not needed"),
    events.CancelRequested(None),
    events.PartMade(1, TEN),
    events.PartMade(2, replace(TEN, start=10)),
    events.PartAccepted(),
    events.PartEnded(1, DONE),
    events.PartEnded(1, UNANSWERED),
    events.PartEnded(1, RETURNED),
    events.PartEnded(9, DONE),
    events.LeaseRenewed(NOW + 900),
    events.LeaseRenewed(0.0),
    events.LeaseTaken(None),
    events.LeaseTaken(UPLOAD),
    events.Retried(OTHER_HOLDER),
    events.EndNotified(),
    events.Swept(None),
    events.Swept(UPLOAD),
    events.Swept(OLD),
    events.Swept(None, upload_known=False),
]


def test_the_examples_cover_every_event_and_phase() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))
    assert set(VARIANTS) == set(Phase)
    assert all(variant.phase is phase for phase, variants in VARIANTS.items() for variant in variants)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_every_event_in_every_phase_follows_the_table(phase: Phase, event: Event) -> None:
    row = TABLE.get((phase, type(event)))
    for batch in VARIANTS[phase]:
        try:
            transition = apply(batch, event, NOW, DEADLINES)
        except (Conflict, ResultMissing):
            assert row is not None
            continue
        if row is None:
            assert transition.batch is batch
            assert transition.message is None
            continue
        assert transition.batch.phase in row.leads_to | {phase}
        # The sweep finds every open batch, and of those that have ended only the ones with webhooks to notify.
        assert (transition.batch.due_at is None) == (transition.batch.ended and not transition.batch.notify_due)
        assert (transition.batch.ended_at is not None) == transition.batch.ended
        assert transition.message is None or not transition.batch.ended or transition.batch.notify_due
        assert batch.ended_at in {None, transition.batch.ended_at}
        if type(event) is events.Swept and transition.message is not None:
            assert transition.batch.due_at is not None
            assert transition.batch.due_at > NOW, "the sweep postpones the deadline before it sends a message"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.phase}-{row.event.__name__}")
def test_every_transition_of_the_table_happens(row: Row) -> None:
    reached = set()
    for batch in VARIANTS[row.phase]:
        for event in EVENTS:
            if type(event) is row.event:
                try:
                    reached.add(apply(batch, event, NOW, DEADLINES).batch.phase)
                except (Conflict, ResultMissing):
                    continue
    assert reached - {row.phase} == row.leads_to


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_an_event_applied_twice_changes_nothing_more(event: Event) -> None:
    for batch in (variant for variants in VARIANTS.values() for variant in variants):
        try:
            once = apply(batch, event, NOW, DEADLINES).batch
            if type(event) is events.Swept and once.due_at is not None and once.due_at <= NOW:
                continue  # the sweep found an upload that is already overdue, so the next sweep continues from there
            twice = apply(once, event, NOW, DEADLINES).batch
        except (Conflict, ResultMissing):
            continue
        assert twice == once


def test_a_registered_batch_is_dispatched_immediately() -> None:
    request = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[uuid4(), uuid4()], source="me")
    transition = register(ATTEMPT, request, "requestor", NOW, DEADLINES)
    assert transition.message == DispatchMessage(ATTEMPT, 1)
    assert (transition.batch.status, transition.batch.reference_count, transition.batch.source) == ("received", 2, "me")
    assert transition.batch.due_at == NOW + 300


@pytest.mark.parametrize(
    ("batch", "event", "failure"),
    [
        (calling(), events.RobotRejected(1, 422, "no", None), RobotFailure.REJECTED),
        (calling(), events.RobotUnreachable(1, 1, "down", None, None), RobotFailure.UNREACHABLE),
        (
            calling(first_call_at=NOW - 3600),
            events.RobotUnreachable(1, 1, "down", None, None),
            RobotFailure.UNREACHABLE,
        ),
        (accepted(), events.CallbackFailed("broken"), RobotFailure.ERROR_REPORTED),
        (accepted(accepted_at=NOW - 86_400, **OVERDUE), events.Swept(None), RobotFailure.SILENT),
        # These are not failures of the robot.
        (calling(), events.RobotAccepted(), None),
        (calling(), events.RobotRejected(1, 422, "no", UPLOAD), None),
        (calling(), events.RobotUnreachable(1, 1, "down", None, UPLOAD), None),
        (accepted(accepted_at=NOW - 86_400, **OVERDUE), events.Swept(None, upload_known=False), None),
        (received(created_at=NOW - 7200, **OVERDUE), events.Swept(None), None),
        (delivered(resends=10, **OVERDUE), events.Swept(None), None),
        (delivered(), events.ImportStarted(None), None),
    ],
    ids=lambda value: None if isinstance(value, Batch) else repr(value),
)
def test_a_transition_names_the_failure_of_the_robot(batch: Batch, event: Event, failure: RobotFailure | None) -> None:
    transition = apply(batch, event, NOW, DEADLINES)
    assert transition.failure is failure
    # The same event again is not another failure.
    with suppress(Conflict):
        again = apply(transition.batch, event, NOW, DEADLINES)
        assert again.failure is None


class TestReading:
    def test_the_list_is_read_before_the_robot_is_called(self) -> None:
        read = apply(reading(resends=3), events.IdsRead(ATTEMPT, 20, 5, HOLDER, None), NOW, DEADLINES)
        assert (read.batch.phase, read.message) == (Phase.RECEIVED, DispatchMessage(read.batch.id, 1))
        assert (read.batch.reference_count, read.batch.selected_count, read.batch.manifest) == (20, 15, ATTEMPT)
        assert (read.batch.resends, read.batch.due_at) == (0, NOW + 300)

    def test_the_time_to_call_the_robot_begins_when_the_list_is_read(self) -> None:
        late = reading(created_at=NOW - 8000)
        read = apply(late, events.IdsRead(ATTEMPT, 20, 0, None, None), NOW, DEADLINES).batch
        assert not apply(read, events.Swept(None), NOW + 7199, DEADLINES).batch.ended
        assert apply(read, events.Swept(None), NOW + 7200, DEADLINES).batch.ended

    @pytest.mark.parametrize(("size", "messages"), [(None, 0), (10, 1)])
    def test_many_references_are_worked_on_in_parts(self, size: int | None, messages: int) -> None:
        read = apply(reading(), events.IdsRead(ATTEMPT, 20, 0, None, Division(size=size)), NOW, DEADLINES)
        assert (read.batch.phase, read.batch.division) == (Phase.DIVIDED, Division(size=size))
        assert (read.message is not None) == bool(messages)

    def test_a_list_of_enhanced_references_needs_no_robot(self) -> None:
        read = apply(reading(), events.IdsRead(ATTEMPT, 20, 20, HOLDER, Division()), NOW, DEADLINES)
        assert (read.batch.status, read.batch.ended_at, read.message) == (BatchStatus.COMPLETED, NOW, None)

    def test_a_list_that_cannot_be_used_ends_the_batch(self) -> None:
        batch = apply(reading(), events.IdsRefused("line 1: no id"), NOW, DEADLINES).batch
        assert (batch.status, batch.error, batch.error_code) == (
            BatchStatus.FAILED,
            "line 1: no id",
            ErrorCode.REFERENCES_INVALID,
        )

    def test_a_list_that_is_never_read_fails_after_ten_resends(self) -> None:
        batch, now, sends = reading(created_at=NOW, due_at=NOW + 300), NOW, []
        while not batch.ended:
            assert batch.due_at is not None
            now = batch.due_at
            transition = apply(batch, events.Swept(None), now, DEADLINES)
            if transition.message == DispatchMessage(batch.id, 1):
                sends.append(now - NOW)
            batch = transition.batch
        assert sends == [300 + 900 * number for number in range(10)]
        assert batch.error == "The list of references could not be read in 10 attempts."


class TestDispatch:
    def test_no_other_call_starts_before_the_call_has_timed_out(self) -> None:
        started = apply(received(), events.CallStarted(1, ATTEMPT), NOW, DEADLINES).batch
        assert started.calls_started == 1
        assert apply(started, events.CallStarted(1, uuid4()), NOW + 59, DEADLINES).batch is started
        again = apply(started, events.CallStarted(1, uuid4()), NOW + 60, DEADLINES).batch
        assert again.calls_started == 2
        assert (started.first_call_at, again.first_call_at) == (NOW, NOW), "the retry budget starts with the first call"
        assert again.snapshot == ATTEMPT, "the first snapshot is kept"

    def test_an_early_message_or_one_for_another_attempt_starts_no_call(self) -> None:
        waiting = received(attempt=3, attempt_due_at=NOW + 60)
        assert apply(waiting, events.CallStarted(3, ATTEMPT), NOW, DEADLINES).batch is waiting
        for attempt in (2, 4):
            assert apply(waiting, events.CallStarted(attempt, ATTEMPT), NOW + 61, DEADLINES).batch is waiting

    def test_an_unreachable_robot_is_called_again_with_increasing_delays(self) -> None:
        batch, delays = calling(first_call_at=NOW), []
        for attempt in range(1, 9):
            transition = apply(batch, events.RobotUnreachable(attempt, 1, "down", None, None), NOW, DEADLINES)
            batch = transition.batch
            assert transition.message == DispatchMessage(batch.id, attempt + 1, batch.attempt_due_at)
            delays.append(batch.attempt_due_at - NOW)
        for number, delay in enumerate(delays):
            plain = min(5 * 2**number, 600)
            assert plain <= delay <= plain * 1.25

    def test_a_message_may_be_early_by_the_difference_between_clocks(self) -> None:
        waiting = received(attempt_due_at=NOW + 5)
        assert apply(waiting, events.CallStarted(1, ATTEMPT), NOW, DEADLINES).batch.calls_started == 1
        assert apply(waiting, events.CallStarted(1, ATTEMPT), NOW - 0.5, DEADLINES).batch is waiting

    def test_a_rejection_of_a_superseded_call_is_ignored_unless_it_is_409(self) -> None:
        second = calling(calls_started=2)
        assert apply(second, events.RobotRejected(1, 422, "no", None), NOW, DEADLINES).batch is second
        assert (
            apply(second, events.RobotRejected(1, 409, "already received", None), NOW, DEADLINES).batch.status
            == "accepted"
        )
        assert apply(second, events.RobotRejected(2, 422, "no", None), NOW, DEADLINES).batch.status == "rejected"

    def test_a_batch_does_not_end_while_a_call_is_running(self) -> None:
        late = calling(created_at=NOW - 7200, call_until=NOW + 25, due_at=NOW)
        assert not apply(late, events.Swept(None), NOW, DEADLINES).batch.ended
        assert apply(late, events.Swept(None), NOW + 25, DEADLINES).batch.ended

    def test_a_failure_of_a_superseded_call_starts_no_third_call(self) -> None:
        second = calling(calls_started=2)
        assert apply(second, events.RobotUnreachable(1, 1, "down", None, None), NOW, DEADLINES).batch is second

    def test_retry_after_is_honoured_within_the_retry_budget(self) -> None:
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

    def test_without_retry_after_the_first_delay_is_the_setting(self) -> None:
        quick = DEADLINES.model_copy(update={"robot_retry_first_delay_s": 0.1})
        batch = apply(calling(first_call_at=NOW), events.RobotUnreachable(1, 1, "down", None, None), NOW, quick).batch
        assert 0.1 <= batch.attempt_due_at - NOW <= 0.126

    def test_a_rejection_ends_the_batch_with_the_robots_message(self) -> None:
        batch = apply(calling(), events.RobotRejected(1, 422, "I only read English.", None), NOW, DEADLINES).batch
        assert (batch.status, batch.error) == (
            BatchStatus.REJECTED,
            "The robot rejected the batch (HTTP 422): I only read English.",
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
    def test_an_upload_means_acceptance_whatever_the_call_returned(self, event: Event) -> None:
        batch = apply(calling(first_call_at=NOW - 3600), event, NOW, DEADLINES).batch
        assert (batch.status, batch.upload) == (BatchStatus.ACCEPTED, UPLOAD)

    def test_an_upload_that_the_sweep_finds_means_acceptance(self) -> None:
        transition = apply(calling(due_at=NOW, created_at=NOW - 7200), events.Swept(UPLOAD), NOW, DEADLINES)
        assert (transition.batch.status, transition.batch.upload, transition.message) == ("accepted", UPLOAD, None)
        assert transition.batch.accepted_at == NOW

    def test_a_late_answer_to_a_call_changes_nothing(self) -> None:
        for batch in (accepted(), delivered(), importing(), ended()):
            for event in EVENTS:
                if isinstance(event, events.RobotAccepted | events.RobotRejected | events.RobotUnreachable):
                    assert apply(batch, event, NOW, DEADLINES).batch is batch

    def test_an_overdue_dispatch_is_resent_until_the_limit_for_received(self) -> None:
        overdue = received(due_at=NOW)
        transition = apply(overdue, events.Swept(None), NOW, DEADLINES)
        assert transition.message == DispatchMessage(overdue.id, 1)
        assert transition.batch.due_at == NOW + 300
        assert apply(transition.batch, events.Swept(None), NOW + 299, DEADLINES).batch is transition.batch
        over = apply(received(created_at=NOW - 7200, due_at=NOW), events.Swept(None), NOW, DEADLINES).batch
        assert over.status is BatchStatus.FAILED
        assert over.error == "The batch could not be sent to the robot within 2 hours."


class TestDelivery:
    def test_an_upload_or_a_callback_means_acceptance(self) -> None:
        started = apply(calling(), events.ValidationStarted(HOLDER, UPLOAD), NOW, DEADLINES).batch
        assert (started.status, started.accepted_at) == (BatchStatus.ACCEPTED, NOW)
        transition = apply(calling(), events.CallbackSucceeded(UPLOAD), NOW, DEADLINES)
        assert transition.batch.status is BatchStatus.IMPORTING
        assert transition.batch.accepted_at == NOW

    def test_the_first_sign_of_acceptance_sets_its_time(self) -> None:
        for event in (events.CallbackSucceeded(UPLOAD), events.CallbackFailed("no")):
            assert apply(accepted(), event, NOW, DEADLINES).batch.accepted_at == NOW - 3
            assert apply(calling(), event, NOW, DEADLINES).batch.accepted_at == NOW

    def test_a_validation_belongs_to_its_upload_only(self) -> None:
        assert delivered(validation=VALIDATION).validation_of(UPLOAD) == VALIDATION
        assert delivered(validation=VALIDATION).validation_of(LATER) is None
        assert delivered(validation=VALIDATION).validation_of(None) is None
        assert delivered().validation_of(UPLOAD) is None

    def test_the_import_is_requested_after_callback_and_validation_in_either_order(self) -> None:
        validated = apply(accepted(), events.ValidationFinished(VALIDATION, UPLOAD), NOW, DEADLINES)
        assert validated.message is None
        assert apply(validated.batch, events.CallbackSucceeded(UPLOAD), NOW, DEADLINES).message == ImportMessage(
            validated.batch.id
        )
        called_back = apply(accepted(upload=UPLOAD, **CLAIMED), events.CallbackSucceeded(UPLOAD), NOW, DEADLINES)
        assert called_back.message is None
        assert called_back.batch.upload == UPLOAD
        assert called_back.batch.due_at == NOW + 120, "the sweep requests the import if the validation stops"
        assert apply(
            called_back.batch, events.ValidationFinished(VALIDATION, UPLOAD), NOW, DEADLINES
        ).message == ImportMessage(called_back.batch.id)

    @pytest.mark.parametrize(
        ("fields", "upload", "message"),
        [
            ({}, UPLOAD, ImportMessage(ATTEMPT)),
            ({}, replace(LARGE, size=4 << 20), ImportMessage(ATTEMPT)),
            ({}, LARGE, ValidateMessage(ATTEMPT, NOW + 5)),
            ({"validation": VALIDATION}, LARGE, ImportMessage(ATTEMPT)),
            (CLAIMED, LARGE, None),
            (CLAIMED, UPLOAD, None),
            # The validation has stopped, or is that of another upload.
            ({**CLAIMED, "worked_at": NOW - 120}, UPLOAD, ImportMessage(ATTEMPT)),
            ({**CLAIMED, "worked_at": NOW - 120}, LARGE, ValidateMessage(ATTEMPT, NOW + 5)),
            (CLAIMED, LATER, ImportMessage(ATTEMPT)),
            ({"validation": VALIDATION}, replace(LARGE, etag="two"), ValidateMessage(ATTEMPT, NOW + 5)),
        ],
        ids=repr,
    )
    def test_a_callback_requests_the_import_unless_a_validation_has_to_end_first(
        self, fields: dict[str, object], upload: Upload, message: Message | None
    ) -> None:
        transition = apply(accepted(id=ATTEMPT, **fields), events.CallbackSucceeded(upload), NOW, DEADLINES)
        assert (transition.batch.status, transition.message) == (BatchStatus.IMPORTING, message)

    def test_a_callback_without_a_result_is_refused(self) -> None:
        with pytest.raises(ResultMissing):
            apply(accepted(), events.CallbackSucceeded(None), NOW, DEADLINES)

    @pytest.mark.parametrize("batch", [calling(), accepted(validation=VALIDATION, upload=UPLOAD), delivered()])
    def test_an_error_before_the_import_fails_the_batch(self, batch: Batch) -> None:
        failed = apply(batch, events.CallbackFailed("out of memory"), NOW, DEADLINES).batch
        assert (failed.status, failed.error) == (BatchStatus.FAILED, "The robot reported an error: out of memory")
        assert failed.robot_error == "out of memory"

    def test_a_repeated_callback_is_accepted_and_a_contradicting_one_is_refused(self) -> None:
        for batch in (delivered(), importing(), ended()):
            assert apply(batch, events.CallbackSucceeded(UPLOAD), NOW, DEADLINES).batch is batch
        failed = ended(status=BatchStatus.FAILED, robot_error="no")
        assert apply(failed, events.CallbackFailed("no"), NOW, DEADLINES).batch is failed
        for batch, event in (
            (failed, events.CallbackSucceeded(UPLOAD)),
            (importing(), events.CallbackFailed("no")),
            (ended(), events.CallbackFailed("no")),
            (ended(delivered_at=None), events.CallbackSucceeded(UPLOAD)),
            (ended(delivered_at=None), events.CallbackFailed("no")),
        ):
            with pytest.raises(Conflict):
                apply(batch, event, NOW, DEADLINES)

    def test_uploads_after_the_start_of_the_import_change_nothing(self) -> None:
        for batch in (importing(), ended()):
            for event in (
                events.ValidationStarted(HOLDER, LATER),
                events.ValidationFinished(VALIDATION, UPLOAD),
                events.ImportStarted(LATER),
            ):
                assert apply(batch, event, NOW, DEADLINES).batch is batch

    def test_an_upload_without_a_callback_is_treated_as_delivered(self) -> None:
        old = replace(UPLOAD, last_modified=NOW - 900)
        transition = apply(accepted(due_at=NOW), events.Swept(old), NOW, DEADLINES)
        assert transition.batch.status is BatchStatus.IMPORTING
        assert transition.message == ImportMessage(transition.batch.id)
        validated = accepted(due_at=NOW, validation=VALIDATION, upload=old)
        assert apply(validated, events.Swept(old), NOW, DEADLINES).message == ImportMessage(validated.id)

    def test_the_wait_for_a_callback_starts_at_the_time_of_the_upload(self) -> None:
        transition = apply(accepted(due_at=NOW), events.Swept(UPLOAD), NOW, DEADLINES)
        assert transition.batch.status is BatchStatus.ACCEPTED
        assert transition.batch.due_at == UPLOAD.last_modified + 900

    def test_the_sweep_checks_again_later_if_the_robot_still_has_time(self) -> None:
        transition = apply(accepted(due_at=NOW), events.Swept(None), NOW, DEADLINES)
        assert (transition.batch.status, transition.batch.due_at, transition.message) == (
            BatchStatus.ACCEPTED,
            NOW + 900,
            None,
        )
        almost = accepted(accepted_at=NOW - 86_399, due_at=NOW)
        assert apply(almost, events.Swept(None), NOW, DEADLINES).batch.due_at == NOW + 1

    def test_a_silent_robot_fails_the_batch_unless_an_upload_exists(self) -> None:
        silent = accepted(accepted_at=NOW - 86_400, due_at=NOW)
        batch = apply(silent, events.Swept(None), NOW, DEADLINES).batch
        assert (batch.status, batch.error) == (
            BatchStatus.FAILED,
            "The robot accepted the batch but delivered no result within 24 hours.",
        )
        assert apply(silent, events.Swept(UPLOAD), NOW, DEADLINES).batch.status is BatchStatus.IMPORTING
        earlier = replace(silent, due_at=NOW - 1)
        assert apply(earlier, events.Swept(UPLOAD), NOW - 1, DEADLINES).batch.status is BatchStatus.ACCEPTED
        unknown = apply(silent, events.Swept(None, upload_known=False), NOW, DEADLINES).batch
        assert unknown.error == "The result file could not be read from storage, so nothing was imported."


class TestValidation:
    @pytest.mark.parametrize("batch", [calling(), accepted(), delivered()], ids=lambda batch: batch.phase)
    def test_the_first_run_claims_the_validation(self, batch: Batch) -> None:
        started = apply(batch, events.ValidationStarted(HOLDER, UPLOAD), NOW, DEADLINES).batch
        assert (started.upload, started.validation_claim, started.worked_at) == (UPLOAD, CLAIM, NOW)
        for holder in (HOLDER, OTHER_HOLDER):
            again = events.ValidationStarted(holder, UPLOAD)
            assert apply(started, again, NOW + 119, DEADLINES).batch is started

    def test_a_claim_expires_without_a_sign_of_work(self) -> None:
        for batch in (accepted(upload=UPLOAD, **CLAIMED), delivered(**CLAIMED)):
            worked = apply(batch, events.WorkContinued(), NOW + 100, DEADLINES).batch
            restart = events.ValidationStarted(OTHER_HOLDER, UPLOAD)
            assert apply(worked, restart, NOW + 219, DEADLINES).batch is worked
            restarted = apply(worked, restart, NOW + 220, DEADLINES).batch
            assert restarted.validation_claim == ValidationClaim(holder=OTHER_HOLDER, upload=UPLOAD)

    def test_another_upload_is_another_validation(self) -> None:
        batch = apply(delivered(**CLAIMED), events.ValidationStarted(OTHER_HOLDER, LATER), NOW, DEADLINES).batch
        assert (batch.upload, batch.validation_claim) == (LATER, ValidationClaim(holder=OTHER_HOLDER, upload=LATER))

    def test_neither_a_deleted_nor_a_validated_upload_is_validated(self) -> None:
        for batch, upload in ((delivered(), None), (delivered(validation=VALIDATION), UPLOAD)):
            assert apply(batch, events.ValidationStarted(HOLDER, upload), NOW, DEADLINES).batch is batch

    def test_the_start_of_a_validation_is_not_progress(self) -> None:
        stalled = delivered(resent_at=NOW - 40, resends=3)
        batch = apply(stalled, events.ValidationStarted(HOLDER, UPLOAD), NOW, DEADLINES).batch
        assert (batch.resends, batch.due_at) == (3, NOW + 900)

    def test_a_validation_that_is_running_when_the_robot_calls_back_is_not_started_again(self) -> None:
        batch = apply(delivered(), events.ValidationStarted(HOLDER, UPLOAD), NOW + 60, DEADLINES).batch
        assert batch.due_at == NOW + 60 + 120

    def test_an_aborted_validation_ends_its_own_claim_only(self) -> None:
        for batch in (accepted(upload=UPLOAD, **CLAIMED), delivered(**CLAIMED)):
            assert apply(batch, events.ValidationAborted(OTHER_HOLDER), NOW, DEADLINES).batch is batch
            aborted = apply(batch, events.ValidationAborted(HOLDER), NOW, DEADLINES)
            assert (aborted.batch, aborted.message) == (
                replace(batch, validation_claim=None, due_at=aborted.batch.due_at),
                None,
            )

    def test_a_recorded_validation_is_progress(self) -> None:
        stalled = delivered(upload=LATER, **CLAIMED, resent_at=NOW - 40, resends=3)
        batch = apply(stalled, events.ValidationFinished(VALIDATION, UPLOAD), NOW, DEADLINES).batch
        assert (batch.validation, batch.upload, batch.worked_at, batch.resends) == (VALIDATION, UPLOAD, NOW, 0)
        assert (batch.validation_claim, batch.due_at) == (None, NOW + 120)

    def test_a_second_validation_of_an_upload_is_ignored(self) -> None:
        batch = delivered(validation=VALIDATION)
        again = apply(batch, events.ValidationFinished(replace(VALIDATION, attempt=uuid4()), UPLOAD), NOW, DEADLINES)
        assert again.batch is batch
        assert again.message is None

    def test_a_validation_of_a_replaced_upload_is_ignored(self) -> None:
        for event in (
            events.ValidationFinished(VALIDATION, LATER),
            events.ValidationFinished(VALIDATION, LATER, starts_import=True),
            events.ValidationFinished(VALIDATION, None),
        ):
            batch = delivered()
            transition = apply(batch, event, NOW, DEADLINES)
            assert transition.batch is batch
            assert transition.message is None

    def test_the_validation_of_an_importer_starts_the_import_without_a_message(self) -> None:
        stalled = delivered(**CLAIMED, resent_at=NOW - 40, resends=3)
        transition = apply(stalled, events.ValidationFinished(VALIDATION, UPLOAD, starts_import=True), NOW, DEADLINES)
        batch = transition.batch
        assert (batch.import_started, batch.validation, batch.resends) == (True, VALIDATION, 0)
        assert (batch.due_at, transition.message) == (NOW + 900, None)

    def test_the_sweep_ends_the_claim_of_a_delivered_batch(self) -> None:
        """Otherwise an importer whose clock is slow would leave the validation alone once more."""
        overdue = delivered(validation_claim=CLAIM, worked_at=NOW - 120, due_at=NOW)
        swept = apply(overdue, events.Swept(None), NOW, DEADLINES)
        assert swept.message == ImportMessage(overdue.id)
        started = events.ValidationStarted(OTHER_HOLDER, UPLOAD)
        assert apply(swept.batch, started, NOW - 1, DEADLINES).batch.validation_claim is not None


class TestImport:
    def test_an_import_starts_with_the_validation_of_the_current_upload(self) -> None:
        stalled = delivered(validation=VALIDATION, upload=LATER, worked_at=NOW - 50, resent_at=NOW - 40, resends=3)
        batch = apply(stalled, events.ImportStarted(UPLOAD), NOW, DEADLINES).batch
        assert (batch.import_started, batch.upload, batch.resends, batch.due_at) == (True, UPLOAD, 0, NOW + 900)
        unvalidated = delivered(validation=VALIDATION)
        assert apply(unvalidated, events.ImportStarted(LATER), NOW, DEADLINES).batch is unvalidated

    def test_a_deleted_result_fails_the_batch(self) -> None:
        batch = apply(delivered(), events.ImportStarted(None), NOW, DEADLINES).batch
        assert (batch.status, batch.error) == (
            BatchStatus.FAILED,
            "The result file was deleted before the import, so nothing was imported.",
        )

    def test_progress_is_recorded_chunk_by_chunk(self) -> None:
        first = Progress(chunks=1, offset=100, added=4)
        batch = apply(importing(resends=3), events.ChunkImported(first), NOW, DEADLINES).batch
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
    def test_the_final_status_depends_on_the_counts(
        self, entries: int, missing: int, added: int, status: BatchStatus
    ) -> None:
        validation = replace(VALIDATION, entries=entries, missing=missing)
        batch = importing(validation=validation, progress=Progress(chunks=1, added=added))
        batch = apply(batch, events.ReportWritten(ATTEMPT, OUTCOME), NOW, DEADLINES).batch
        assert (batch.status, batch.report, batch.due_at, batch.ended_at) == (status, ATTEMPT, None, NOW)
        assert (batch.error is None) == (status is not BatchStatus.FAILED)

    def test_a_stalled_import_is_resent_ten_times_and_then_fails(self) -> None:
        batch, now, sends = importing(progress=Progress(chunks=1, offset=9, added=2)), NOW, 0
        while not batch.ended:
            assert batch.due_at is not None
            now = max(batch.due_at, now)
            transition = apply(batch, events.Swept(None), now, DEADLINES)
            sends += transition.message == ImportMessage(batch.id)
            batch = transition.batch
        assert sends == 10
        assert batch.error == "The import made no progress in 10 attempts. 2 of 3 accepted enhancements were added."

    def test_a_stalled_import_is_resent_once_for_each_deadline(self) -> None:
        stalled = importing(worked_at=NOW - 900, due_at=NOW)
        batch = apply(stalled, events.Swept(None), NOW, DEADLINES).batch
        assert (batch.due_at, batch.resends) == (NOW + 900, 1)
        assert apply(batch, events.Swept(None), NOW + 899, DEADLINES).batch is batch

    @pytest.mark.parametrize("validation", [None, VALIDATION])
    def test_a_batch_whose_import_never_starts_fails(self, validation: Validation | None) -> None:
        stalled = delivered(validation=validation, resends=10, due_at=NOW)
        batch = apply(stalled, events.Swept(None), NOW, DEADLINES).batch
        assert batch.status is BatchStatus.FAILED
        assert batch.error == "The result could not be validated in 10 attempts, so nothing was imported."

    def test_continued_work_postpones_the_deadline_but_is_not_progress(self) -> None:
        batch = apply(importing(resends=9), events.WorkContinued(), NOW, DEADLINES).batch
        assert (batch.due_at, batch.resends) == (NOW + 900, 9)

    def test_a_running_validation_is_not_started_again(self) -> None:
        batch = apply(delivered(), events.WorkContinued(), NOW + 60, DEADLINES).batch
        assert batch.due_at == NOW + 60 + 120


class TestNotifying:
    def test_the_end_of_a_batch_can_request_a_notification(self) -> None:
        ending = apply(importing(), events.ReportWritten(ATTEMPT, OUTCOME), NOW, DEADLINES)
        assert (ending.message, ending.batch.due_at) == (None, None)
        requested = request_notification(ending, DEADLINES)
        assert requested.message == NotifyMessage(ending.batch.id)
        assert requested.batch == replace(ending.batch, notify_due=True, due_at=NOW + 300)

    def test_a_notification_is_recorded_and_changes_nothing_else(self) -> None:
        batch = ended(notify_due=True, due_at=NOW + 299)
        transition = apply(batch, events.EndNotified(), NOW, DEADLINES)
        assert (transition.batch, transition.message) == (replace(batch, notify_due=False, due_at=None), None)

    def test_a_lost_message_is_resent_for_a_day(self) -> None:
        batch, now, sends = ended(notify_due=True, due_at=NOW + 299), NOW, 0
        while batch.notify_due:
            assert batch.due_at is not None
            now = batch.due_at
            transition = apply(batch, events.Swept(None), now, DEADLINES)
            sends += transition.message == NotifyMessage(batch.id)
            batch = transition.batch
        assert sends == 86_400 / 300 - 1
        assert (batch.due_at, batch.status, batch.ended_at) == (None, BatchStatus.COMPLETED, NOW - 1)
