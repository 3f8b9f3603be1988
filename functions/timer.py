"""The timer trigger: the sweep, and the stats."""

import azure.functions as func

from exchange.ports import GetServices
from exchange.use_cases.collect_stats import collect_stats
from exchange.use_cases.sweep import sweep
from exchange.use_cases.sweep_deliveries import sweep_deliveries


def timer_triggers(get_services: GetServices) -> func.Blueprint:
    """Make the timer trigger. It runs by `SWEEP_SCHEDULE`; an error is raised, and the next run tries again."""
    blueprint = func.Blueprint()

    @blueprint.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%")
    async def sweep_overdue(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding requires the parameter
        # Each runs although an earlier one failed. The stats matter most then, and the traceback has all errors.
        try:
            try:
                await sweep(get_services())
            finally:
                await sweep_deliveries(get_services())
        finally:
            await collect_stats(get_services())

    return blueprint
