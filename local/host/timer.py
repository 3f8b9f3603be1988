"""Timer triggers: NCRONTAB with seconds, in UTC."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.functions.timer import TimerRequest
from cronsim import CronSim

from local.host.bindings import Function
from local.host.host_json import HostJson, seconds
from local.host.invoke import Failed, invoke

_FIELDS_WITH_SECONDS = 6


class TimerListener:
    """Runs a function on its schedule; a run that takes longer than the pause holds the next one up."""

    def __init__(self, function: Function, host: HostJson) -> None:
        self._function = function
        self._schedule = function.trigger["schedule"]
        self._timeout_s = host.function_timeout_s
        self._at_start = bool(function.trigger.get("runOnStartup"))

    async def run(self) -> None:
        """Run it until cancelled."""
        due = datetime.now(UTC) if self._at_start else next_run(self._schedule, datetime.now(UTC))
        while True:
            await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
            late = datetime.now(UTC) - due > timedelta(seconds=1)
            # A failure is logged, and the next run comes by itself.
            with suppress(Failed):
                await invoke(self._function, TimerRequest(past_due=late), self._timeout_s)
            due = next_run(self._schedule, datetime.now(UTC))


def next_run(schedule: str, after: datetime) -> datetime:
    """Say when it runs next. A TimeSpan is a pause; of six fields the first is the seconds."""
    if ":" in schedule:
        return after + timedelta(seconds=seconds(schedule))
    fields = schedule.split()
    if len(fields) != _FIELDS_WITH_SECONDS:
        return next(CronSim(schedule, after))
    wanted = _seconds_of(fields[0])
    minutes = CronSim(" ".join(fields[1:]), after.replace(second=0, microsecond=0) - timedelta(minutes=1))
    while True:
        minute = next(minutes)
        for second in wanted:
            if minute.replace(second=second) > after:
                return minute.replace(second=second)


def _seconds_of(field: str) -> list[int]:
    """Read a field of seconds as one reads minutes: list, range, step, or star."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    hits = CronSim(f"{field} * * * *", start - timedelta(minutes=1))
    first_hour = []
    while (hit := next(hits)) < start + timedelta(hours=1):
        first_hour.append(hit.minute)
    return first_hour
