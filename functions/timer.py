"""The timer trigger: the sweep, and the stats."""

import azure.functions as func

from exchange.ports import GetServices
from exchange.use_cases.collect_stats import collect_stats
from exchange.use_cases.sweep import sweep


def timer_triggers(get_services: GetServices) -> func.Blueprint:
    """Make the timer trigger. It runs by `SWEEP_SCHEDULE`; an error is raised, and the next run tries again."""
    blueprint = func.Blueprint()

    @blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%")
    async def sweep_overdue(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding requires the parameter
        try:
            await sweep(get_services())
        finally:
            # The stats matter most when the sweep fails. If both fail, the traceback has both errors.
            await collect_stats(get_services())

    return blueprint
