"""Service Bus: the messages on the queues."""

import asyncio
from datetime import UTC, datetime

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage

from exchange.adapters.service_bus_links import ServiceBusLinks
from exchange.domain.errors import Unavailable
from exchange.domain.messages import (
    DISPATCH_MESSAGE,
    IMPORT_MESSAGE,
    NOTIFY_MESSAGE,
    DispatchMessage,
    ImportMessage,
    Message,
    NotifyMessage,
    WebhookMessage,
)
from exchange.telemetry.operations import TRACEPARENT, current_traceparent


class ServiceBusQueues:
    """Sends messages. See `ports.Queues`."""

    def __init__(
        self,
        address: str,
        credential: AsyncTokenCredential | None,
        dispatch_queue: str,
        import_queue: str,
        notify_queue: str,
    ) -> None:
        """`address` is a connection string, or the host name of the namespace if there is a `credential`."""
        self.links = ServiceBusLinks(address, credential)
        self._dispatch_queue = dispatch_queue
        self._import_queue = import_queue
        self._notify_queue = notify_queue

    async def send(self, message: Message) -> None:
        """Send the message. The queue delivers it at its `deliver_at`."""
        if isinstance(message, DispatchMessage):
            queue, body = self._dispatch_queue, DISPATCH_MESSAGE.dump_json(message)
        elif isinstance(message, NotifyMessage | WebhookMessage):
            queue, body = self._notify_queue, NOTIFY_MESSAGE.dump_json(message)
        else:
            queue, body = self._import_queue, IMPORT_MESSAGE.dump_json(message)
        deliver_at = None if isinstance(message, ImportMessage | NotifyMessage) else message.deliver_at
        at = None if deliver_at is None else datetime.fromtimestamp(deliver_at, UTC)
        envelope = ServiceBusMessage(body, scheduled_enqueue_time_utc=at)
        if sender := current_traceparent():
            # The name as bytes: the SDK then keeps our value instead of adding its own.
            envelope.application_properties = {TRACEPARENT.encode(): sender}
        await self.links.send(queue, envelope)

    async def check(self) -> None:
        """Peek into each queue. Raises Unavailable. See `ports.Dependency`."""
        try:
            await asyncio.gather(*map(self._peek, (self._dispatch_queue, self._import_queue, self._notify_queue)))
        except (AzureError, OSError) as error:
            raise Unavailable("The queue cannot be reached.") from error

    async def close(self) -> None:
        """Close the links. A later message opens a new one."""
        await self.links.close()

    async def _peek(self, queue: str) -> None:
        # On a new link, which also proves that a connection can be opened.
        async with self.links.use_receiver(queue) as receiver:
            await receiver.peek_messages()
