"""What a check is, and what it finds."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from exchange.robots.check.bench import Bench


class Level(StrEnum):
    """How bad it is if a robot fails a check."""

    MUST = "must"
    """Batches of the robot would fail, or be incomplete."""
    SHOULD = "should"
    """The robot works, but wastes time or loses information."""


class Delivery(StrEnum):
    """How a job reaches a robot."""

    PUSH = "push"
    """The exchange calls the robot."""
    PULL = "pull"
    """The robot fetches it."""


EVERY_DELIVERY = frozenset(Delivery)
PUSH_ONLY = frozenset({Delivery.PUSH})
PULL_ONLY = frozenset({Delivery.PULL})


@dataclass(frozen=True, slots=True)
class Passed:
    """The robot does what the check asks for."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The robot does not. `found` is what it did, and `curl` a command that reproduces it, if there is one."""

    found: str
    curl: str | None = None


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The check cannot be made."""

    reason: str


Judgement: TypeAlias = Passed | Failed | NotApplicable


@dataclass(frozen=True, slots=True)
class Check:
    """One check. Its id never changes. `why` says why it matters, and `fix` how to pass it."""

    id: str
    level: Level
    title: str
    why: str
    fix: str
    judge: Callable[[Bench], Awaitable[Judgement]]
    # False if it can be made with a robot that delivers no job.
    needs_delivery: bool = True
    # The robots that it is for.
    deliveries: frozenset[Delivery] = EVERY_DELIVERY


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, or the reason why it was skipped."""

    check: Check
    judgement: Judgement
    skipped: bool = False

    @property
    def outcome(self) -> str:
        """One word for tables: `passed`, `failed`, `warning`, `skipped` or `not applicable`."""
        match self.judgement:
            case Passed():
                return "passed"
            case Failed():
                return "failed" if self.check.level is Level.MUST else "warning"
            case NotApplicable():
                return "skipped" if self.skipped else "not applicable"

    @property
    def detail(self) -> str:
        """What the robot did, or why the check was not made. Empty if it passed."""
        match self.judgement:
            case Passed():
                return ""
            case Failed(found):
                return found
            case NotApplicable(reason):
                return reason


def judge_that(*, passed: bool, found: str, curl: str | None = None) -> Judgement:
    """Return a judgement of one condition. `found` says what the robot did if it did not pass."""
    return Passed() if passed else Failed(found, curl)
