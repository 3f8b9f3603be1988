"""The clock: every minute, whatever is overdue moves on, and the exchange says how it is."""

import azure.functions as func

from functions.steps.sweep import sweep
from functions.steps.vitals import take_vitals
from functions.triggers.current import services

blueprint = func.Blueprint()


@blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%")
async def sweep_overdue(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Move what is overdue, then take the vitals; what went wrong is raised, and the next minute tries again."""
    try:
        await sweep(services())
    finally:
        # Of use above all when the sweep fails; if both fail, both are in the traceback.
        await take_vitals(services())
