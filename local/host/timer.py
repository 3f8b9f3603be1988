"""Timer triggers: NCRONTAB in UTC, or a time span between two runs."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from azure.functions.timer import TimerRequest
from cronsim import CronSim, CronSimError

from local.host.bindings import Function, HostError
from local.host.deliveries import stopped_within
from local.host.host_json import HostJson, seconds
from local.host.invoke import Failed, invoke

_LATE = timedelta(seconds=1)


class TimerListener:
    """Runs a function on its schedule; a run that takes longer than the pause holds the next one up."""

    def __init__(self, function: Function, host: HostJson) -> None:
        self._function = function
        self._schedule = function.trigger["schedule"]
        self._timeout_s = host.function_timeout_s
        self._at_start = bool(function.trigger.get("runOnStartup"))
        try:
            next_run(self._schedule, datetime.now(UTC))
        except (CronSimError, StopIteration) as error:
            raise HostError(f"'{function.name}' has no schedule of six fields: '{self._schedule}'.") from error

    async def run(self, stopping: asyncio.Event) -> None:
        """Run it until the host is to stop."""
        now = datetime.now(UTC)
        due = now if self._at_start else next_run(self._schedule, now)
        while not await stopped_within(stopping, (due - now).total_seconds()):
            late = datetime.now(UTC) - due > _LATE
            # A failure is logged, and the next run comes by itself.
            with suppress(Failed):
                await invoke(self._function, TimerRequest(past_due=late), self._timeout_s)
            now = datetime.now(UTC)
            # The pause may have ended a little early: what is done is not due again.
            due = next_run(self._schedule, max(now, due))


def next_run(schedule: str, after: datetime) -> datetime:
    """Say when it runs next. A time span is a pause; of six fields the first is the seconds."""
    if ":" in schedule:
        return after + timedelta(seconds=seconds(schedule))
    return next(CronSim(schedule, after))
