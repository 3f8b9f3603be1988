from exchange.use_cases.heartbeat import Heartbeat
from tests.unit.use_cases.conftest import Exchange


async def test_a_sign_of_work_is_recorded_but_no_oftener_than_it_needs_to_be(exchange: Exchange) -> None:
    batch_id = await exchange.dispatched()
    heartbeat = Heartbeat(batch_id, exchange.services)
    recorded = []
    for wait in (0, 29, 1, 0, 29, 1):
        exchange.clock.now += wait
        await heartbeat.beat()
        recorded.append(exchange.batch(batch_id).worked_at == exchange.clock.now)
    assert recorded == [False, False, True, True, False, True]
