"""Orders on the Service Bus queues: returning completes the message, raising has it delivered again."""

import azure.functions as func

from functions.domain.orders import DispatchOrder, ImportOrder
from functions.steps.dispatch import dispatch_batch
from functions.steps.import_results import import_results
from functions.telemetry.spans import sent_by
from functions.triggers.current import services
from functions.triggers.outcomes import outcome

blueprint = func.Blueprint()


@blueprint.service_bus_queue_trigger(arg_name="message", queue_name="%DISPATCH_QUEUE%", connection="SERVICE_BUS")
async def dispatch(message: func.ServiceBusMessage) -> None:
    """Hand a batch to its robot."""
    order = DispatchOrder.model_validate_json(message.get_body())
    async with outcome(order.batch_id):
        with sent_by(message.application_properties):
            await dispatch_batch(order.batch_id, order.attempt, services())


@blueprint.service_bus_queue_trigger(arg_name="message", queue_name="%IMPORT_QUEUE%", connection="SERVICE_BUS")
async def import_delivered(message: func.ServiceBusMessage) -> None:
    """Import what a robot delivered."""
    order = ImportOrder.model_validate_json(message.get_body())
    async with outcome(order.batch_id):
        with sent_by(message.application_properties):
            await import_results(order.batch_id, services())
