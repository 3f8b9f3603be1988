"""Service Bus triggers. Returning completes the message; raising returns it to the queue for redelivery."""

import azure.functions as func

from exchange.domain.messages import DISPATCH_MESSAGE, IMPORT_MESSAGE, NOTIFY_MESSAGE, ValidateMessage, WebhookMessage
from exchange.ports import GetServices
from exchange.use_cases.call_webhook import call_webhook
from exchange.use_cases.dispatch_batch import dispatch_batch
from exchange.use_cases.import_results import import_results
from exchange.use_cases.notify_webhooks import notify_webhooks
from exchange.use_cases.validate_upload import validate_upload
from functions.errors import apply_error_policy


def queue_triggers(get_services: GetServices) -> func.Blueprint:
    """Make the triggers of the queues `dispatch`, `import` and `notify`."""
    blueprint = func.Blueprint()

    @blueprint.service_bus_queue_trigger(arg_name="message", queue_name="%DISPATCH_QUEUE%", connection="SERVICE_BUS")
    async def dispatch(message: func.ServiceBusMessage) -> None:
        content = DISPATCH_MESSAGE.validate_json(message.get_body())
        async with apply_error_policy(content.batch_id, message.application_properties):
            await dispatch_batch(content.batch_id, content.attempt, get_services())

    @blueprint.service_bus_queue_trigger(arg_name="message", queue_name="%IMPORT_QUEUE%", connection="SERVICE_BUS")
    async def import_delivered(message: func.ServiceBusMessage) -> None:
        content = IMPORT_MESSAGE.validate_json(message.get_body())
        async with apply_error_policy(content.batch_id, message.application_properties):
            if isinstance(content, ValidateMessage):
                await validate_upload(content.batch_id, get_services())
            else:
                await import_results(content.batch_id, get_services())

    @blueprint.service_bus_queue_trigger(arg_name="message", queue_name="%NOTIFY_QUEUE%", connection="SERVICE_BUS")
    async def notify(message: func.ServiceBusMessage) -> None:
        content = NOTIFY_MESSAGE.validate_json(message.get_body())
        if isinstance(content, WebhookMessage):
            async with apply_error_policy(content.delivery_id, message.application_properties, subject="delivery"):
                await call_webhook(content.webhook_id, content.delivery_id, content.attempt, get_services())
        else:
            async with apply_error_policy(content.batch_id, message.application_properties):
                await notify_webhooks(content.batch_id, get_services())

    return blueprint
