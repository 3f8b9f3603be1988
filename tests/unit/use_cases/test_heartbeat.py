from exchange.use_cases.heartbeat import Heartbeat
from tests.unit.use_cases.conftest import Exchange


async def test_a_heartbeat_is_recorded_at_most_every_interval(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    heartbeat = Heartbeat(batch_id, exchange.services)
    recorded = []
    for wait in (0, 29, 1, 0, 29, 1):
        exchange.clock.now += wait
        await heartbeat.beat()
        recorded.append(exchange.get_batch(batch_id).worked_at == exchange.clock.now)
    assert recorded == [False, False, True, True, False, True]
