"""Service Bus: the messages on the queues."""

import asyncio
from datetime import UTC, datetime

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender

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

# A caller may be waiting, so retries are few. The sweep sends what could not be sent.
_RETRIES = 1
_TIMEOUT_S = 10.0


class ServiceBusQueues:
    """Sends messages, with one client and one sender per queue for the process. See `ports.Queues`."""

    def __init__(
        self,
        address: str,
        credential: AsyncTokenCredential | None,
        dispatch_queue: str,
        import_queue: str,
        notify_queue: str,
    ) -> None:
        """`address` is a connection string, or the host name of the namespace if there is a `credential`."""
        self._address = address
        self._credential = credential
        self._dispatch_queue = dispatch_queue
        self._import_queue = import_queue
        self._notify_queue = notify_queue
        self._client: ServiceBusClient | None = None
        self._senders: dict[str, ServiceBusSender] = {}
        # A sender is one AMQP link, which sends one message at a time.
        self._sending = asyncio.Lock()

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
        try:
            # The wait for other senders counts too, because a caller may be waiting.
            async with asyncio.timeout(_TIMEOUT_S), self._sending:
                await self._send(queue, envelope)
        except TimeoutError as error:
            raise Unavailable(f"The queue did not answer within {_TIMEOUT_S:g} s.") from error

    async def check(self) -> None:
        """Peek into each queue. Raises Unavailable. See `ports.Dependency`."""
        try:
            # On new links: an open link does not prove that the queue still answers.
            async with self.make_client() as client:
                for queue in (self._dispatch_queue, self._import_queue, self._notify_queue):
                    async with client.get_queue_receiver(queue) as receiver:
                        await receiver.peek_messages()
        except (AzureError, OSError) as error:
            raise Unavailable("The queue cannot be reached.") from error

    def make_client(self) -> ServiceBusClient:
        """Make a separate client, which the caller has to close."""
        if self._credential is None:
            return ServiceBusClient.from_connection_string(self._address, retry_total=_RETRIES)
        return ServiceBusClient(self._address, self._credential, retry_total=_RETRIES)

    async def _send(self, queue: str, message: ServiceBusMessage) -> None:
        try:
            await self._sender(queue).send_messages(message)
        except (AzureError, OSError) as error:
            await self._drop()
            raise Unavailable("The queue cannot be reached.") from error
        except asyncio.CancelledError:
            # A cancelled call leaves the link in an unknown state.
            self._client = None
            self._senders.clear()
            raise

    def _sender(self, queue: str) -> ServiceBusSender:
        if self._client is None:
            self._client = self.make_client()
        if queue not in self._senders:
            self._senders[queue] = self._client.get_queue_sender(queue)
        return self._senders[queue]

    async def _drop(self) -> None:
        """Drop a connection that failed. The next message opens a new one."""
        client, self._client = self._client, None
        self._senders.clear()
        if client is not None:
            await client.close()

    async def close(self) -> None:
        """Close the connection. A later message opens a new one."""
        async with self._sending:
            await self._drop()
