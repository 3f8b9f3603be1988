"""Metrics: what is counted, and that nothing is counted twice."""

from dataclasses import replace
from time import monotonic
from uuid import UUID

import pytest

from exchange.contract.batches import BatchStatus
from exchange.contract.operations import DeadLetterQueue
from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.domain.division import Lease, Part, Range
from exchange.domain.errors import Unavailable
from exchange.domain.lifecycle import apply
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.stats import OPEN_STATUSES, Stats
from exchange.domain.transitions.transition import RobotFailure, Transition
from exchange.domain.webhook_deliveries import WebhookAnswer
from exchange.telemetry import stats
from exchange.telemetry.metrics import record_transition
from exchange.telemetry.stats import record_stats
from exchange.use_cases.advance import advance, observe_and_advance
from exchange.use_cases.collect_stats import collect_stats
from exchange.use_cases.sweep import sweep
from tests.fakes.messaging import accept
from tests.fakes.world import DEADLINES
from tests.results import annotation
from tests.unit.domain.batches import a_batch
from tests.unit.telemetry.conftest import Metrics
from tests.unit.use_cases.conftest import Exchange
from tests.unit.use_cases.test_notify_webhooks import answer_with, create_webhook, end_batch, run_queue

DELIVERIES = "exchange.webhook.deliveries"
EXPIRED = "exchange.leases.expired"
ENTRIES, ENDED, FAILURES = "exchange.result.entries", "exchange.batches.ended", "exchange.robot.failures"


class TestWebhooks:
    async def test_each_delivery_is_counted_at_its_end(self, exchange: Exchange, counts: Metrics) -> None:
        for _ in range(2):
            await create_webhook(exchange)
        busy, accepted = WebhookAnswer(503, "HTTP 503", 0.1), WebhookAnswer(204, None, 0.1)
        answer_with(exchange, busy, accepted)
        await end_batch(exchange)
        await run_queue(exchange)
        assert counts.read_counts(DELIVERIES) == {"state=delivered": 1}
        answer_with(exchange, WebhookAnswer(410, "HTTP 410", 0.1))
        exchange.clock.now += 5
        await run_queue(exchange)
        assert counts.read_counts(DELIVERIES) == {"state=delivered": 1, "state=failed": 1}

    async def test_a_notification_that_never_succeeds_counts_as_a_failed_delivery(
        self, exchange: Exchange, counts: Metrics
    ) -> None:
        await create_webhook(exchange)
        batch_id = await end_batch(exchange)
        exchange.clock.now += 300
        await sweep(exchange.services)
        assert counts.read_counts(DELIVERIES) == {}
        exchange.clock.now += 86_400
        for _ in range(2):
            await sweep(exchange.services)
        assert counts.read_counts(DELIVERIES) == {"state=failed": 1}
        assert not exchange.get_batch(batch_id).notify_due


class TestTransitions:
    async def test_each_entry_of_a_result_is_counted_once(self, exchange: Exchange, counts: Metrics) -> None:
        batch_id = await exchange.register_and_dispatch()
        *enhanced, _missing = exchange.reference_ids
        await exchange.upload(batch_id, *map(annotation, enhanced), annotation(enhanced[0]), b"not JSON")
        for _ in range(2):
            await exchange.validate(batch_id)
            await exchange.call_back(batch_id)
            await exchange.run_import(batch_id)
        assert exchange.get_batch(batch_id).status == "partial_failed"
        assert counts.read_counts(ENDED) == {"status=partial_failed": 1}
        assert counts.read_counts(ENTRIES) == {"kind=added": 4, "kind=not_accepted": 2, "kind=missing": 1}
        assert counts.read_counts(FAILURES) == {}

    async def test_a_batch_that_was_not_imported_has_no_entries(self, exchange: Exchange, counts: Metrics) -> None:
        batch_id = await exchange.register_and_dispatch()
        for _ in range(2):
            await exchange.call_back(batch_id, error="no")
        assert counts.read_counts(ENDED) == {"status=failed": 1}
        assert counts.read_counts(ENTRIES) == {}
        assert counts.read_counts(FAILURES) == {f"kind=error_reported robot_id={exchange.robot.id}": 1}

    async def test_an_event_without_a_transition_is_not_counted(self, exchange: Exchange, counts: Metrics) -> None:
        batch_id = await exchange.register_and_dispatch()
        await exchange.call_back(batch_id, error="no")
        repeated = await advance(await exchange.batches.load(batch_id), events.CallbackFailed("no"), exchange.services)
        assert not repeated.changed
        assert sum(counts.read_counts(FAILURES).values()) == 1

    async def test_a_lost_write_is_not_counted(self, exchange: Exchange, counts: Metrics) -> None:
        batch_id = await exchange.register_and_dispatch()
        observed: list[Batch] = []

        async def change_and_observe(batch: Batch) -> events.Event:
            observed.append(batch)
            if len(observed) == 1:
                await advance(await exchange.batches.load(batch_id), events.WorkContinued(), exchange.services)
            return events.CallbackFailed("no")

        stored = await exchange.batches.load(batch_id)
        assert (await observe_and_advance(stored, change_and_observe, exchange.services)).changed
        assert len(observed) == 2
        assert counts.read_counts(ENDED) == {"status=failed": 1}
        assert sum(counts.read_counts(FAILURES).values()) == 1


class TestRobotFailures:
    @pytest.mark.parametrize("failure", RobotFailure)
    def test_the_failure_of_the_transition_is_the_kind_that_is_counted(
        self, counts: Metrics, failure: RobotFailure
    ) -> None:
        batch = a_batch()
        record_transition(batch, Transition(batch, failure=failure))
        assert counts.read_counts(FAILURES) == {f"kind={failure.value} robot_id={batch.robot_id}": 1}

    def test_a_transition_without_a_failure_counts_none(self, counts: Metrics) -> None:
        batch = a_batch()
        record_transition(batch, Transition(batch))
        assert counts.read_counts(FAILURES) == {}

    async def test_a_robot_that_rejects_is_counted_once(self, exchange: Exchange, counts: Metrics) -> None:
        async def reject(_job: object) -> RobotAnswer:
            return RobotAnswer(422, "no")

        exchange.robot_calls.behaviour = reject
        batch_id = await exchange.register_and_dispatch()
        await exchange.dispatch(batch_id)
        assert counts.read_counts(ENDED) == {"status=rejected": 1}
        assert counts.read_counts(FAILURES) == {f"kind=rejected robot_id={exchange.robot.id}": 1}

    async def test_each_call_without_an_answer_is_counted(self, exchange: Exchange, counts: Metrics) -> None:
        async def do_not_answer(_job: object) -> RobotAnswer:
            return RobotAnswer(None, "no answer")

        exchange.robot_calls.behaviour = do_not_answer
        batch_id = await exchange.register_and_dispatch()
        exchange.clock.now += 60
        await exchange.dispatch(batch_id, 2)
        exchange.robot_calls.behaviour = accept
        exchange.clock.now += 60
        await exchange.dispatch(batch_id, 3)
        assert exchange.get_batch(batch_id).phase is Phase.ACCEPTED
        assert counts.read_counts(FAILURES) == {f"kind=unreachable robot_id={exchange.robot.id}": 2}
        assert counts.read_counts(ENDED) == {}

    async def test_a_silent_robot_is_counted_once(self, exchange: Exchange, counts: Metrics) -> None:
        await exchange.register_and_dispatch()
        exchange.clock.now += 86_401
        await sweep(exchange.services)
        await sweep(exchange.services)
        assert counts.read_counts(FAILURES) == {f"kind=silent robot_id={exchange.robot.id}": 1}
        assert counts.read_counts(ENDED) == {"status=failed": 1}


class TestLeases:
    def make(self, **fields: object) -> Batch:
        part = Part(of=UUID(int=1), number=1, range=Range(start=0, count=5), holder=UUID(int=2))
        return a_batch(**{"status": BatchStatus.ACCEPTED, "part": part, "lease": Lease(until=100.0), **fields})

    def test_a_lease_that_another_fetch_takes_is_counted_once(self, counts: Metrics) -> None:
        part = self.make()
        taken = apply(part, events.LeaseTaken(None), 101.0, DEADLINES)
        record_transition(part, taken)
        record_transition(taken.batch, apply(taken.batch, events.EndNotified(), 102.0, DEADLINES))
        assert counts.read_counts(EXPIRED) == {f"robot_id={part.robot_id}": 1}

    def test_a_lease_that_no_fetch_takes_is_counted_at_the_end(self, counts: Metrics) -> None:
        part = self.make(due_at=1000.0)
        record_transition(part, apply(part, events.Swept(None), 101.0 + DEADLINES.fetch_limit_s, DEADLINES))
        assert counts.read_counts(EXPIRED) == {f"robot_id={part.robot_id}": 1}

    def test_a_lease_that_was_given_back_is_not_counted(self, counts: Metrics) -> None:
        part = self.make(lease=Lease(until=100.0, given_back=True))
        record_transition(part, apply(part, events.LeaseTaken(None), 101.0, DEADLINES))
        assert counts.read_counts(EXPIRED) == {}

    def test_a_part_that_ends_in_another_way_is_not_counted(self, counts: Metrics) -> None:
        part = self.make()
        record_transition(part, apply(part, events.CallbackFailed("no"), 50.0, DEADLINES))
        assert counts.read_counts(EXPIRED) == {}


async def test_durations_are_recorded_by_operation(exchange: Exchange, counts: Metrics) -> None:
    await exchange.register_and_dispatch()
    assert counts.read_counts("exchange.operation.duration") == {
        f"operation={name}": 1 for name in ("request batch", "dispatch", "snapshot", "call robot")
    }


class TestStats:
    @staticmethod
    def make(oldest_age_s: float, **open_batches: int) -> Stats:
        counts = {status: open_batches.get(status, 0) for status in OPEN_STATUSES}
        return Stats(open_batches=counts, oldest_age_s=oldest_age_s, poison_queue_depth=1, event_dead_letters=2)

    def test_gauges_report_the_last_recorded_stats(self, counts: Metrics) -> None:
        record_stats(self.make(7.5, accepted=3))
        robot_id = UUID(int=7)
        record_stats(replace(self.make(8.5, accepted=2, importing=1), longest_overdue_s=3, fetch_waits_s={robot_id: 9}))
        assert counts.read_gauges("exchange.batches.o") == {
            "exchange.batches.open status=received": 0,
            "exchange.batches.open status=accepted": 2,
            "exchange.batches.open status=importing": 1,
            "exchange.batches.oldest_age": 8.5,
        }
        assert counts.read_gauges("exchange.batches.longest") == {"exchange.batches.longest_overdue": 3}
        assert counts.read_gauges("exchange.fetch") == {f"exchange.fetch.wait robot_id={robot_id}": 9}
        assert counts.read_gauges("exchange.poison_queue") == {"exchange.poison_queue.depth": 1}
        assert counts.read_gauges("exchange.event_grid") == {"exchange.event_grid.dead_letters": 2}

    async def test_collecting_stats_records_them(self, exchange: Exchange, counts: Metrics) -> None:
        await exchange.register_and_dispatch()
        await collect_stats(exchange.services)
        assert counts.read_gauges("exchange.batches.open")["exchange.batches.open status=accepted"] == 1

    async def test_open_batches_are_recorded_even_if_dead_letters_cannot_be_counted(
        self, exchange: Exchange, counts: Metrics
    ) -> None:
        """Otherwise alerts would report that the sweep does not run, and would miss overdue batches."""
        await exchange.register_and_dispatch()
        exchange.dead_letters[DeadLetterQueue.BLOBS].down = True
        with pytest.raises(Unavailable):
            await collect_stats(exchange.services)
        assert counts.read_gauges("exchange.batches.open")["exchange.batches.open status=accepted"] == 1
        assert counts.read_gauges("exchange.batches.oldest_age") == {"exchange.batches.oldest_age": 0}
        assert counts.read_gauges("exchange.poison_queue") == {}

    def test_old_stats_are_not_reported_any_more(self, counts: Metrics) -> None:
        record_stats(self.make(1.0))
        stats._last[0] = stats._Collected(monotonic() - stats.MAX_AGE_S, self.make(1.0))
        assert counts.read_gauges("exchange.batches.o") == {}
        assert counts.read_gauges("exchange.poison_queue") == {}
