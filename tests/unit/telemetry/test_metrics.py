"""What is counted, and that nothing is counted twice: the steps on fakes, the SDK as it is."""

from time import monotonic

import pytest

from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.domain.errors import Unavailable
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.stats import OPEN_STATUSES, Stats
from exchange.use_cases.advance import advance
from exchange.use_cases.sweep import sweep
from exchange.use_cases.collect_stats import collect_stats
from exchange.telemetry import stats
from exchange.telemetry.stats import record_stats
from tests.fakes.messaging import accept
from tests.results import annotation
from tests.unit.use_cases.conftest import Exchange
from tests.unit.telemetry.conftest import Metrics

ENTRIES, ENDED, FAILURES = "exchange.result.entries", "exchange.batches.ended", "exchange.robot.failures"


async def test_each_entry_of_a_result_is_counted_once(exchange: Exchange, counts: Metrics) -> None:
    batch_id = await exchange.dispatched()
    *enhanced, _silent = exchange.reference_ids
    await exchange.upload(batch_id, *map(annotation, enhanced), annotation(enhanced[0]), b"not JSON")
    for _ in range(2):
        await exchange.validate(batch_id)
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)
    assert exchange.batch(batch_id).status == "partial_failed"
    assert counts.counted(ENDED) == {"status=partial_failed": 1}
    assert counts.counted(ENTRIES) == {"outcome=added": 4, "outcome=not_accepted": 2, "outcome=missing": 1}
    assert counts.counted(FAILURES) == {}


async def test_a_batch_that_was_never_imported_has_no_entries(exchange: Exchange, counts: Metrics) -> None:
    batch_id = await exchange.dispatched()
    for _ in range(2):
        await exchange.call_back(batch_id, error="no")
    assert counts.counted(ENDED) == {"status=failed": 1}
    assert counts.counted(ENTRIES) == {}
    assert counts.counted(FAILURES) == {f"kind=error_reported robot_id={exchange.robot.id}": 1}


async def test_a_robot_that_refuses_is_counted_once(exchange: Exchange, counts: Metrics) -> None:
    async def refuse(_request: object) -> RobotAnswer:
        return RobotAnswer(422, "no")

    exchange.robot_calls.behaviour = refuse
    batch_id = await exchange.dispatched()
    await exchange.dispatch(batch_id)
    assert counts.counted(ENDED) == {"status=rejected": 1}
    assert counts.counted(FAILURES) == {f"kind=rejected robot_id={exchange.robot.id}": 1}


async def test_each_call_that_reaches_nobody_is_counted(exchange: Exchange, counts: Metrics) -> None:
    async def fail(_request: object) -> RobotAnswer:
        return RobotAnswer(None, "no answer")

    exchange.robot_calls.behaviour = fail
    batch_id = await exchange.dispatched()
    exchange.clock.now += 60
    await exchange.dispatch(batch_id, 2)
    exchange.robot_calls.behaviour = accept
    exchange.clock.now += 60
    await exchange.dispatch(batch_id, 3)
    assert exchange.batch(batch_id).phase is Phase.ACCEPTED
    assert counts.counted(FAILURES) == {f"kind=out_of_reach robot_id={exchange.robot.id}": 2}
    assert counts.counted(ENDED) == {}


async def test_a_robot_that_stays_silent_is_counted(exchange: Exchange, counts: Metrics) -> None:
    await exchange.dispatched()
    exchange.clock.now += 86_401
    await sweep(exchange.services)
    await sweep(exchange.services)
    assert counts.counted(FAILURES) == {f"kind=silent robot_id={exchange.robot.id}": 1}
    assert counts.counted(ENDED) == {"status=failed": 1}


async def test_what_moves_nothing_is_not_counted(exchange: Exchange, counts: Metrics) -> None:
    batch_id = await exchange.dispatched()
    await exchange.call_back(batch_id, error="no")
    again = await advance(batch_id, events.CallbackFailed("no"), exchange.services)
    assert not again.changed
    assert sum(counts.counted(FAILURES).values()) == 1


async def test_a_write_that_came_second_is_not_counted(exchange: Exchange, counts: Metrics) -> None:
    batch_id = await exchange.dispatched()
    looks: list[Batch] = []

    async def overtaken(batch: Batch) -> events.Event:
        looks.append(batch)
        if len(looks) == 1:
            await advance(batch_id, events.WorkContinued(), exchange.services)
        return events.CallbackFailed("no")

    assert (await advance(batch_id, overtaken, exchange.services)).changed
    assert len(looks) == 2
    assert counts.counted(ENDED) == {"status=failed": 1}
    assert sum(counts.counted(FAILURES).values()) == 1


async def test_steps_are_timed_by_name(exchange: Exchange, counts: Metrics) -> None:
    await exchange.dispatched()
    assert counts.counted("exchange.step.duration") == {
        f"step={step}": 1 for step in ("request batch", "dispatch", "snapshot", "call robot")
    }


def seen(oldest_s: float, **unfinished: int) -> Stats:
    counts = {status: unfinished.get(status, 0) for status in OPEN}
    return Stats(open_batches=counts, oldest_age_s=oldest_s, poison_queue_depth=1, event_dead_letters=2)


def test_vitals_are_shown_as_they_were_seen_last(counts: Metrics) -> None:
    record_stats(seen(7.5, accepted=3))
    record_stats(seen(8.5, accepted=2, importing=1))
    assert counts.gauges("exchange.batches.o") == {
        "exchange.batches.open status=received": 0,
        "exchange.batches.open status=accepted": 2,
        "exchange.batches.open status=importing": 1,
        "exchange.batches.oldest_age": 8.5,
    }
    assert counts.gauges("exchange.poison_queue") == {"exchange.poison_queue.depth": 1}
    assert counts.gauges("exchange.events") == {"exchange.events.undelivered": 2}


async def test_taking_the_vitals_shows_them(exchange: Exchange, counts: Metrics) -> None:
    await exchange.dispatched()
    await collect_stats(exchange.services)
    assert counts.gauges("exchange.batches.open")["exchange.batches.open status=accepted"] == 1


async def test_what_can_not_be_counted_hides_nothing_else(exchange: Exchange, counts: Metrics) -> None:
    """Else alerts would say that the sweep does not run, and be blind to batches that are overdue."""
    await exchange.dispatched()
    exchange.dead_letters.down = True
    with pytest.raises(Unavailable):
        await collect_stats(exchange.services)
    assert counts.gauges("exchange.batches.open")["exchange.batches.open status=accepted"] == 1
    assert counts.gauges("exchange.batches.oldest_age") == {"exchange.batches.oldest_age": 0}
    assert counts.gauges("exchange.poison_queue") == {}


def test_vitals_that_are_old_are_shown_no_longer(counts: Metrics) -> None:
    record_stats(seen(1.0))
    vitals._last[0] = vitals._Seen(monotonic() - vitals.FRESH_S, seen(1.0))
    assert counts.gauges("exchange.batches.o") == {}
    assert counts.gauges("exchange.poison_queue") == {}
