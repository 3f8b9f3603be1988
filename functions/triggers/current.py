"""The services of this process. The worker calls the triggers with their bindings and nothing else."""

from dataclasses import dataclass

from functions.ports import Services
from functions.settings import Settings


@dataclass(frozen=True, slots=True)
class Running:
    """What the triggers of a running app go by."""

    settings: Settings
    services: Services


_running: list[Running] = []


def provide(running: Running) -> None:
    """Make these the settings and services of every trigger from now on."""
    _running[:] = [running]


def settings() -> Settings:
    """Return the settings."""
    return _running[0].settings


def services() -> Services:
    """Return the services."""
    return _running[0].services
