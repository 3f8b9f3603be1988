"""Timer triggers: an NCRONTAB expression in UTC, or the time span between two runs."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.functions.timer import TimerRequest
from cronsim import CronSim, CronSimError

from local.host.bindings import Function, HostError
from local.host.deliveries import wait_or_stop
from local.host.host_json import HostJson, parse_time_span
from local.host.invoke import Failed, invoke

_TOLERANCE = timedelta(seconds=1)


class TimerListener:
    """Runs a function on its schedule. Runs never overlap: a long run delays the next one."""

    def __init__(self, function: Function, host: HostJson) -> None:
        self._function = function
        self._schedule = function.trigger["schedule"]
        self._timeout_s = host.function_timeout_s
        self._at_start = bool(function.trigger.get("runOnStartup"))
        try:
            compute_next_run(self._schedule, datetime.now(UTC))
        except (CronSimError, StopIteration) as error:
            raise HostError(f"The schedule of '{function.name}' must have six fields: '{self._schedule}'.") from error

    async def run(self, stopping: asyncio.Event) -> None:
        """Run the function on its schedule until the host is to stop."""
        now = datetime.now(UTC)
        due = now if self._at_start else compute_next_run(self._schedule, now)
        while not await wait_or_stop(stopping, (due - now).total_seconds()):
            late = datetime.now(UTC) - due > _TOLERANCE
            # A failure is logged. The next run follows the schedule.
            with suppress(Failed):
                await invoke(self._function, TimerRequest(past_due=late), self._timeout_s)
            now = datetime.now(UTC)
            # The wait may end slightly early. The same run must not be due twice.
            due = compute_next_run(self._schedule, max(now, due))


def compute_next_run(schedule: str, after: datetime) -> datetime:
    """Return the time of the next run. The first of the six fields of an expression is the seconds."""
    if ":" in schedule:
        return after + timedelta(seconds=parse_time_span(schedule))
    return next(CronSim(schedule, after))
