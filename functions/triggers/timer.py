"""The clock: every minute, whatever is overdue moves on."""

import azure.functions as func

from functions.steps.sweep import sweep
from functions.triggers.current import services

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%")
async def sweep_overdue(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Move what is overdue; what could not be moved is raised, and tried again by the next sweep."""
    await sweep(services())
