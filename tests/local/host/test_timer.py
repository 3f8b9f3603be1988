from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.host.timer import compute_next_run
from tests.local.host.apps import App
from tests.local.host.processes import wait_until

EVERY_SECOND = """
@app.timer_trigger(arg_name="timer", schedule="%WHEN%")
async def tick(timer: func.TimerRequest) -> None:
    record(at=time.time())
    if len(read_records()) == 1:
        raise ValueError("the first fails")
"""
AT_START = """
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def tick(timer: func.TimerRequest) -> None:
    record(past_due=timer.past_due)
"""
SLOW = """
@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def tick(timer: func.TimerRequest) -> None:
    record(began=time.time())
    await asyncio.sleep(1.5)
    record(ended=time.time())
"""


@pytest.mark.parametrize("schedule", ["* * * * * *", "00:00:01"])
def test_a_function_runs_on_the_schedule_of_a_setting_after_failures_too(tmp_path: Path, schedule: str) -> None:
    app = App(tmp_path, EVERY_SECOND)
    with app.running(WHEN=schedule):
        wait_until(lambda: len(app.records) >= 3)
    assert len({int(entry["at"]) for entry in app.records}) == len(app.records)


def test_run_on_startup_runs_the_function_at_the_start(tmp_path: Path) -> None:
    app = App(tmp_path, AT_START)
    with app.running():
        assert wait_until(lambda: app.records) == [{"past_due": False}]


def test_runs_do_not_overlap(tmp_path: Path) -> None:
    app = App(tmp_path, SLOW)
    with app.running():
        wait_until(lambda: len(app.records) >= 4)
    assert [next(iter(entry)) for entry in app.records[:4]] == ["began", "ended", "began", "ended"]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/15 * * * * *", datetime(2024, 2, 28, 23, 59, 15, tzinfo=UTC)),
        ("0 * * * * *", datetime(2024, 2, 29, 0, 0, tzinfo=UTC)),
        ("30 5 12 * * *", datetime(2024, 2, 29, 12, 5, 30, tzinfo=UTC)),
        ("0 0 9 * * MON-FRI", datetime(2024, 2, 29, 9, 0, tzinfo=UTC)),
        ("01:30:00", datetime(2024, 2, 29, 1, 29, tzinfo=UTC)),
    ],
)
def test_the_next_run_follows_the_schedule(schedule: str, expected: datetime) -> None:
    assert compute_next_run(schedule, datetime(2024, 2, 28, 23, 59, tzinfo=UTC)) == expected
