from uuid import UUID

import pytest

from exchange.domain.messages import DispatchMessage, ImportMessage
from exchange.use_cases.sweep import sweep
from tests.unit.use_cases.conftest import Exchange, raise_unavailable


async def test_a_lost_blob_event_and_a_lost_callback_are_repaired_by_one_sweep(exchange: Exchange) -> None:
    batch_id = await exchange.dispatch_and_upload()
    exchange.clock.now += 900
    await sweep(exchange.services)
    assert exchange.get_batch(batch_id).status == "importing"
    assert exchange.count_sent(ImportMessage) == 1
    await exchange.run_import(batch_id)
    assert exchange.get_batch(batch_id).status == "completed"


async def test_a_batch_that_cannot_be_swept_does_not_hold_up_the_others(exchange: Exchange) -> None:
    broken, healthy = await exchange.register(), await exchange.register()
    current_upload = exchange.results.find_upload

    async def fail_for_one_batch(batch_id: UUID) -> object:
        if batch_id == broken:
            raise RuntimeError("boom")
        return await current_upload(batch_id)

    exchange.results.find_upload = fail_for_one_batch  # type: ignore[method-assign,assignment] # replaces the fake
    exchange.queues.sent.clear()
    exchange.clock.now += 300
    with pytest.raises(ExceptionGroup) as raised:
        await sweep(exchange.services)
    assert [str(error) for error in raised.value.exceptions] == ["boom"]
    assert raised.value.exceptions[0].__notes__ == [f"batch {broken}"]
    assert exchange.queues.sent == [DispatchMessage(healthy, 1)]


async def test_a_batch_whose_result_blob_can_never_be_read_fails_in_the_end(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    exchange.results.find_upload = raise_unavailable  # type: ignore[method-assign,assignment] # replaces the fake
    exchange.clock.now += 86_400
    with pytest.raises(ExceptionGroup):
        await sweep(exchange.services)
    assert exchange.get_batch(batch_id).status == "accepted"
    exchange.clock.now += 86_400
    await sweep(exchange.services)
    assert exchange.get_batch(batch_id).status == "failed"
    assert "could not be read from storage" in (exchange.get_batch(batch_id).error or "")
