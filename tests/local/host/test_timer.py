from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.host.timer import next_run
from tests.local.host.apps import App
from tests.local.host.processes import until

EVERY_SECOND = """
@app.timer_trigger(arg_name="timer", schedule="%WHEN%")
async def tick(timer: func.TimerRequest) -> None:
    say(at=time.time())
    if len(said()) == 1:
        raise ValueError("the first fails")
"""
AT_START = """
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def tick(timer: func.TimerRequest) -> None:
    say(past_due=timer.past_due)
"""
SLOW = """
@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def tick(timer: func.TimerRequest) -> None:
    say(began=time.time())
    await asyncio.sleep(1.5)
    say(ended=time.time())
"""


@pytest.mark.parametrize("schedule", ["* * * * * *", "00:00:01"])
def test_runs_on_the_schedule_of_a_setting_whatever_failed(tmp_path: Path, schedule: str) -> None:
    app = App(tmp_path, EVERY_SECOND)
    with app.running(WHEN=schedule):
        until(lambda: len(app.said) >= 3)
    assert len({int(said["at"]) for said in app.said}) == len(app.said)


def test_runs_at_the_start_if_it_is_to(tmp_path: Path) -> None:
    app = App(tmp_path, AT_START)
    with app.running():
        assert until(lambda: app.said) == [{"past_due": False}]


def test_a_run_never_overlaps_the_next(tmp_path: Path) -> None:
    app = App(tmp_path, SLOW)
    with app.running():
        until(lambda: len(app.said) >= 4)
    assert [next(iter(said)) for said in app.said[:4]] == ["began", "ended", "began", "ended"]


@pytest.mark.parametrize(
    ("schedule", "then"),
    [
        ("*/15 * * * * *", datetime(2024, 2, 28, 23, 59, 15, tzinfo=UTC)),
        ("0 * * * * *", datetime(2024, 2, 29, 0, 0, tzinfo=UTC)),
        ("30 5 12 * * *", datetime(2024, 2, 29, 12, 5, 30, tzinfo=UTC)),
        ("0 0 9 * * MON-FRI", datetime(2024, 2, 29, 9, 0, tzinfo=UTC)),
        ("01:30:00", datetime(2024, 2, 29, 1, 29, tzinfo=UTC)),
    ],
)
def test_reads_schedules(schedule: str, then: datetime) -> None:
    assert next_run(schedule, datetime(2024, 2, 28, 23, 59, tzinfo=UTC)) == then
