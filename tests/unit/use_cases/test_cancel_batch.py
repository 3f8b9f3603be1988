"""Cancelling a batch in each of its phases, and what its report and its counts say then."""

from dataclasses import replace
from uuid import UUID

import pytest

from exchange.contract.batches import BatchCancellationIn, BatchEnhancementRequestRead, BatchStatus, ErrorCode
from exchange.contract.reports import EntryCounts, ReferenceCounts
from exchange.domain.callers import Role, User
from exchange.domain.errors import Conflict, Forbidden, NotFound
from exchange.domain.ids import new_id
from exchange.use_cases import import_results as importing
from exchange.use_cases.cancel_batch import cancel_batch
from exchange.use_cases.import_chunk import import_chunk
from tests.results import annotation
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, Exchange, read_now

OTHER = User("another requestor", frozenset({Role.REQUESTOR}))
ALL_CANCELLED = ReferenceCounts(requested=5, cancelled=5)


async def cancel(
    exchange: Exchange, batch_id: UUID, reason: str | None = None, user: User = REQUESTOR
) -> BatchEnhancementRequestRead:
    return await cancel_batch(batch_id, BatchCancellationIn(reason=reason), user, exchange.services)


async def deliver(exchange: Exchange, *entries: object) -> UUID:
    """Deliver a result that is validated, but not imported."""
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id, *(entries or map(annotation, exchange.reference_ids)))
    await exchange.validate(batch_id)
    await exchange.call_back(batch_id)
    return batch_id


@pytest.mark.parametrize("reason", [None, " ", "...", " . "])
async def test_a_reason_without_words_is_left_out(exchange: Exchange, reason: str | None) -> None:
    cancelled = await cancel(exchange, await exchange.register(), reason)
    assert cancelled.error == "The batch request was cancelled. Nothing was imported."


@pytest.mark.parametrize("phase", ["received", "accepted", "delivered"])
async def test_before_the_import_a_batch_ends_at_once(exchange: Exchange, phase: str) -> None:
    batch_id = await exchange.register()
    if phase != "received":
        await exchange.dispatch(batch_id)
    if phase == "delivered":
        await exchange.upload(batch_id, *map(annotation, exchange.reference_ids))
        await exchange.call_back(batch_id)
    cancelled = await cancel(exchange, batch_id, "wrong references.")
    assert (cancelled.request_status, cancelled.error_code) == (BatchStatus.FAILED, ErrorCode.CANCELLED)
    assert cancelled.error == "The batch request was cancelled: wrong references. Nothing was imported."
    assert (cancelled.counts, cancelled.entries) == (ALL_CANCELLED, None)
    assert cancelled.cancelled_at is not None
    sent = len(exchange.robot_calls.jobs)
    await exchange.dispatch(batch_id)
    await exchange.upload(batch_id, annotation(exchange.reference_ids[0]))
    await exchange.validate(batch_id)
    await exchange.run_import(batch_id)
    assert len(exchange.robot_calls.jobs) == sent, "a cancelled batch is not dispatched"
    with pytest.raises(Conflict, match="too late"):
        await exchange.call_back(batch_id)
    with pytest.raises(Conflict, match="too late"):
        await exchange.call_back(batch_id, "no memory")
    assert not exchange.references.enhancements
    assert (await read_now(batch_id, REQUESTOR, exchange.services)).counts == ALL_CANCELLED


async def test_during_the_import_a_batch_ends_after_the_chunk_in_progress(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk has four entries. The batch is cancelled while the first of two is stored."""
    await exchange.populate(8)
    first, *others, last = exchange.reference_ids
    # The first reference has a second entry in the last chunk, and the last one has only an error.
    entries = [annotation(first), *map(annotation, others), annotation(first, source="again")]
    batch_id = await deliver(exchange, *entries, {"reference_id": str(last), "message": "no abstract"})
    chunks = 0

    async def cancel_and_import(*args: object) -> object:
        nonlocal chunks
        chunks += 1
        cancelled = await cancel(exchange, batch_id)
        assert (cancelled.request_status, cancelled.error_code) == (BatchStatus.IMPORTING, None)
        assert cancelled.counts == ReferenceCounts(requested=8, failed=1, pending=7)
        return await import_chunk(*args)  # type: ignore[arg-type] # passes on what it got

    monkeypatch.setattr(importing, "import_chunk", cancel_and_import)
    await exchange.run_import(batch_id)
    assert chunks == 1
    answer = await read_now(batch_id, REQUESTOR, exchange.services)
    assert (answer.request_status, answer.error_code) == (BatchStatus.PARTIAL_FAILED, ErrorCode.CANCELLED)
    assert answer.error == "The batch request was cancelled. 4 of 8 accepted enhancements were added."
    assert answer.counts == ReferenceCounts(requested=8, enhanced=4, cancelled=3, failed=1)
    assert answer.entries == EntryCounts(total=9, added=4, cancelled=4, robot_error=1)
    assert len(exchange.references.enhancements) == 4
    report = exchange.read_report_entries(batch_id)
    assert [entry["kind"] for entry in report] == ["added"] * 4 + ["cancelled"] * 4 + ["robot_error"]
    assert exchange.read_enhancements(batch_id) == list(exchange.references.enhancements.values())


async def test_a_cancellation_during_the_last_chunk_changes_nothing(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    await exchange.populate(2)
    batch_id = await deliver(exchange)

    async def cancel_and_import(*args: object) -> object:
        await cancel(exchange, batch_id)
        return await import_chunk(*args)  # type: ignore[arg-type] # passes on what it got

    monkeypatch.setattr(importing, "import_chunk", cancel_and_import)
    await exchange.run_import(batch_id)
    answer = await read_now(batch_id, REQUESTOR, exchange.services)
    assert (answer.request_status, answer.error, answer.error_code) == (BatchStatus.COMPLETED, None, None)
    assert answer.counts == ReferenceCounts(requested=2, enhanced=2)


async def test_a_repeated_cancellation_is_accepted_and_keeps_the_first_reason(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    first = await cancel(exchange, batch_id, "one")
    exchange.clock.now += 60
    second = await cancel(exchange, batch_id, "two")
    assert (second.error, second.cancelled_at) == (first.error, first.cancelled_at)


@pytest.mark.parametrize("status", [BatchStatus.COMPLETED, BatchStatus.REJECTED])
async def test_a_batch_that_has_ended_otherwise_cannot_be_cancelled(exchange: Exchange, status: BatchStatus) -> None:
    batch_id = await exchange.register()
    stored = exchange.batches.items[batch_id]
    exchange.batches.items[batch_id] = replace(stored, batch=replace(stored.batch, status=status, due_at=None))
    with pytest.raises(Conflict, match=f"already ended with status '{status}'"):
        await cancel(exchange, batch_id)


async def test_only_the_requestor_and_operators_may_cancel(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    with pytest.raises(Forbidden):
        await cancel(exchange, batch_id, user=OTHER)
    with pytest.raises(NotFound):
        await cancel(exchange, new_id())
    assert exchange.get_batch(batch_id).cancel_requested_at is None
    assert (await cancel(exchange, batch_id, user=OPERATOR)).error_code is ErrorCode.CANCELLED
