import asyncio
import time

from tests.simulation.loop import simulate


def test_hours_pass_at_once_and_in_order() -> None:
    woken: list[str] = []

    async def sleeper(name: str, hours: float) -> None:
        await asyncio.sleep(hours * 3600)
        woken.append(name)

    async def play() -> float:
        await asyncio.gather(sleeper("late", 1000), sleeper("early", 1), sleeper("between", 24))
        return asyncio.get_running_loop().time()

    started = time.monotonic()
    assert simulate(play()) >= 1000 * 3600
    assert woken == ["early", "between", "late"]
    assert time.monotonic() - started < 10


def test_what_is_done_in_a_thread_elsewhere_is_done_here_at_once() -> None:
    async def play() -> tuple[int, float]:
        return await asyncio.to_thread(sum, [1, 2]), asyncio.get_running_loop().time()

    assert simulate(play()) == (3, 0.0)
