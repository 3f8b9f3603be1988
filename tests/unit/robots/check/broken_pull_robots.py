"""Robots that fetch their jobs, with one mistake each, by the id of the check that finds it."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.unit.robots.check.small_pull_robot import Fetching
from tests.unit.robots.check.small_robot import SmallRobot


def _with_attributes(name: str, **attributes: Any) -> type[Fetching]:
    kind: type[Fetching] = type(name, (Fetching,), attributes)
    return kind


class _FetchesForAnother(Fetching):
    def get_id(self) -> str:
        return str(uuid4())


class _Hammers(Fetching):
    first_wait_s = 0.02

    def choose_wait(self, wait_s: float) -> float:
        return wait_s


class _IgnoresRetryAfter(Fetching):
    honours_retry_after = False
    first_wait_s = 1.2


class _WorksOn(Fetching):
    def drop(self, working: "asyncio.Task[None]") -> None:
        """Do nothing."""


class _CallsBackAtTheOldPath(Fetching):
    def make_callback_url(self, body: bytes) -> str:
        return SmallRobot.make_callback_url(self, body)


class _EndsAtOnce(Fetching):
    async def stop(self) -> None:
        for task in self.jobs.values():
            task.cancel()


BROKEN: dict[str, type[Fetching]] = {
    "PULL-001": _with_attributes("PULL-001", signs_fetches=False),
    "PULL-002": _FetchesForAnother,
    "PULL-003": _Hammers,
    "PULL-004": _IgnoresRetryAfter,
    "PULL-005": _with_attributes("PULL-005", survives_errors=False),
    "PULL-006": _with_attributes("PULL-006", renewal_s=60.0),
    "PULL-007": _WorksOn,
    "PULL-008": _CallsBackAtTheOldPath,
    "PULL-009": _EndsAtOnce,
}
