"""The services of this process. The worker calls the triggers with their bindings and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from functions.ports import Services
from functions.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """What the triggers of a running app go by."""

    settings: Settings
    services: Services


_running: list[Callable[[], Running]] = []


def provide(running: Running) -> None:
    """Make these the settings and services of every trigger from now on."""
    _running[:] = [lambda: running]


def provide_at_first_use(make: Callable[[], Running]) -> None:
    """Have them made, once, when a trigger first asks for them."""
    _running[:] = [cache(make)]


def settings() -> Settings:
    """Return the settings."""
    return _running[0]().settings


def services() -> Services:
    """Return the services."""
    return _running[0]().services
