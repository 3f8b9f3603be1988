"""The figures in docs/guarantees.md, compared with the default settings and with the lifecycle itself."""

import json
import re
from dataclasses import replace
from uuid import UUID

from exchange.contract.batches import BatchEnhancementRequestIn, ErrorCode
from exchange.domain import events, lifecycle
from exchange.domain.batch import Batch, Phase, Upload, Validation
from exchange.domain.counts import count_part
from exchange.domain.division import Division, Lease, Part, Range
from exchange.domain.events import Event
from exchange.domain.id_list import IdList
from exchange.domain.limits import Deadlines
from exchange.domain.transitions.transition import Transition
from tests.stacks import ROOT

TEXT = (ROOT / "docs" / "guarantees.md").read_text()
DEADLINES = Deadlines()
SWEEP_INTERVAL_S = 60
BATCH_ID = UUID("00000000-0000-4000-8000-000000000001")


def stated_seconds() -> dict[str, tuple[str, int]]:
    """Return the arithmetic and the result of each row of the table of worst times."""
    rows = re.findall(r"^\| `?(\w+)`? \| [^|]+ \| `([\d() +*]+)` \| (\d+) \|$", TEXT, re.MULTILINE)
    return {name: (arithmetic, int(seconds)) for name, arithmetic, seconds in rows}


def evaluate(arithmetic: str) -> int:
    """Calculate a sum of products, with one level of parentheses."""
    flat = re.sub(r"\(([^)]+)\)", lambda found: str(evaluate(found[1])), arithmetic)
    total = 0
    for term in flat.split("+"):
        product = 1
        for factor in term.split("*"):
            product *= int(factor)
        total += product
    return total


def test_each_phase_that_can_wait_has_a_row() -> None:
    phases = [str(phase) for phase in Phase if phase is not Phase.ENDED]
    assert [name for name in stated_seconds() if name not in {"all", "sum"}] == phases


def test_the_sweep_runs_every_minute() -> None:
    settings = json.loads((ROOT / "infra" / "tunables.json").read_text())
    assert settings["SWEEP_SCHEDULE"] == "0 * * * * *"


def test_the_arithmetic_is_right() -> None:
    for name, (arithmetic, seconds) in stated_seconds().items():
        assert evaluate(arithmetic) == seconds, name


def test_the_seconds_follow_from_the_default_settings() -> None:
    limits = DEADLINES
    waits = 2 + 2 * (limits.progress_attempts + 1)
    expected = {
        "received": limits.received_limit_s + 2 * limits.robot_call_timeout_s,
        "accepted": limits.robot_silence_limit_s,
        "delivered": limits.validation_wait_s + limits.progress_attempts * limits.progress_limit_s,
        "importing": (limits.progress_attempts + 1) * limits.progress_limit_s,
        "all": waits * SWEEP_INTERVAL_S,
    }
    others = {
        "reading": limits.dispatch_overdue_s + limits.progress_attempts * limits.progress_limit_s,
        "divided": limits.lease_limit_s + limits.fetch_limit_s + limits.callback_wait_s + limits.webhook_overdue_s,
        "reporting": expected["importing"],
    }
    stated = {name: seconds for name, (_, seconds) in stated_seconds().items()}
    assert stated == {**expected, **others, "sum": sum(expected.values())}
    minutes = stated["sum"] // 60
    assert TEXT.count(f"{minutes // 60} h {minutes % 60} min") == 2
    assert f"{waits} waits, each up to" in TEXT


def test_the_lifecycle_ends_a_batch_within_the_stated_time() -> None:
    """Each wait is used in full, and each sweep is almost an interval late."""
    clock = _LateSweep(_registered())
    first_call_at = DEADLINES.received_limit_s - 1
    clock.apply(events.CallStarted(1, BATCH_ID), first_call_at)
    clock.sweep_until(first_call_at + 2 * DEADLINES.robot_call_timeout_s)
    clock.apply(events.RobotAccepted(), clock.now)

    upload = Upload(etag="e", last_modified=clock.now + DEADLINES.robot_silence_limit_s - 1, size=1)
    clock.sweep_until(upload.last_modified)
    clock.upload = upload
    clock.sweep_while(Phase.ACCEPTED)
    before_the_last = clock.sweep_while(Phase.DELIVERED)

    # The same batch, of which the import starts at the last moment, and then makes no progress.
    validation = Validation(attempt=BATCH_ID, etag=upload.etag, entries=1, accepted=1, missing=0)
    clock.batch = replace(before_the_last, validation=validation)
    clock.apply(events.ImportStarted(upload), clock.now)
    clock.sweep_while(Phase.IMPORTING)

    assert clock.batch.ended
    stated = stated_seconds()["sum"][1]
    assert stated - 2 * SWEEP_INTERVAL_S <= clock.now <= stated


def test_the_lifecycle_ends_a_batch_whose_list_is_never_read_within_the_stated_time() -> None:
    clock = _LateSweep(replace(_registered(), id_list=IdList(upload=BATCH_ID, etag="e")))
    clock.sweep_while(Phase.READING)
    assert clock.batch.ended
    stated, waits = stated_seconds()["reading"][1], DEADLINES.progress_attempts + 1
    assert stated <= clock.now <= stated + waits * SWEEP_INTERVAL_S


def test_the_lifecycle_ends_a_batch_request_in_parts_within_the_stated_time() -> None:
    """A robot fetches everything, renews its lease for as long as it can, and dies."""
    references = Range(start=0, count=1)
    part = Part(of=BATCH_ID, number=1, range=references, holder=BATCH_ID)
    request = lifecycle.divide(Transition(_registered()), Division(), DEADLINES)
    made = lifecycle.register_part(request.batch, part, Lease(until=DEADLINES.lease_limit_s), 0.0, DEADLINES)
    fetched, whole = _LateSweep(made.batch), _LateSweep(request.batch)
    whole.apply(events.PartMade(1, references), 0.0)
    fetched.sweep_while(Phase.ACCEPTED)
    assert fetched.batch.error_code is ErrorCode.ROBOT_TIMEOUT
    # The message about the end of the part is lost, so the sweep sends it again.
    reported_at = fetched.now + DEADLINES.webhook_overdue_s + SWEEP_INTERVAL_S
    whole.apply(events.PartEnded(1, count_part(fetched.batch)), reported_at)
    whole.sweep_while(Phase.REPORTING)

    assert whole.batch.ended
    divided, reporting = stated_seconds()["divided"][1], stated_seconds()["reporting"][1]
    assert divided - DEADLINES.callback_wait_s <= reported_at <= divided + 2 * SWEEP_INTERVAL_S
    waits = DEADLINES.progress_attempts + 1
    assert reporting <= whole.now - reported_at <= reporting + waits * SWEEP_INTERVAL_S


def _registered() -> Batch:
    request = BatchEnhancementRequestIn(robot_id=BATCH_ID, reference_ids=[BATCH_ID])
    return lifecycle.register(BATCH_ID, request, "requestor", 0.0, DEADLINES).batch


class _LateSweep:
    """A batch and a clock. The sweep notices each deadline as late as it can."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.now = 0.0
        self.upload: Upload | None = None

    def apply(self, event: Event, now: float) -> None:
        self.now = now
        self.batch = lifecycle.apply(self.batch, event, now, DEADLINES).batch

    def sweep_while(self, phase: Phase) -> Batch:
        """Sweep until the batch leaves the phase. Return the batch before the sweep that did it."""
        before = self.batch
        assert before.phase is phase
        while self.batch.phase is phase:
            before = self.batch
            self._sweep()
        return before

    def sweep_until(self, moment: float) -> None:
        """Sweep at each deadline before this moment, then stop the clock there."""
        while self.batch.due_at is not None and self.batch.due_at + SWEEP_INTERVAL_S < moment:
            self._sweep()
        self.now = max(self.now, moment)

    def _sweep(self) -> None:
        assert self.batch.due_at is not None
        self.apply(events.Swept(self.upload), max(self.now, self.batch.due_at) + SWEEP_INTERVAL_S - 0.001)
