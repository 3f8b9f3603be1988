import asyncio
import time

from tests.simulation.loop import simulate


def test_timers_fire_in_order_without_waiting() -> None:
    woken: list[str] = []

    async def sleep(name: str, hours: float) -> None:
        await asyncio.sleep(hours * 3600)
        woken.append(name)

    async def run() -> float:
        await asyncio.gather(sleep("late", 1000), sleep("early", 1), sleep("between", 24))
        return asyncio.get_running_loop().time()

    started = time.monotonic()
    assert simulate(run()) >= 1000 * 3600
    assert woken == ["early", "between", "late"]
    assert time.monotonic() - started < 10


def test_functions_for_threads_run_immediately() -> None:
    async def run() -> tuple[int, float]:
        return await asyncio.to_thread(sum, [1, 2]), asyncio.get_running_loop().time()

    assert simulate(run()) == (3, 0.0)
