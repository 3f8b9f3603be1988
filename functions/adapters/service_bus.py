"""Service Bus: the orders that wait to be carried out."""

import asyncio
from datetime import UTC, datetime

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender

from functions.domain.errors import Unavailable
from functions.domain.events import Due, SendDispatch
from functions.domain.orders import DispatchOrder, ImportOrder
from functions.telemetry.spans import TRACEPARENT, traceparent

# Somebody may be waiting for the answer; what could not be sent is sent by the sweep.
_RETRIES = 1
_PATIENCE_S = 10.0


class ServiceBusQueues:
    """Sends the orders; one client and one sender a queue for the process. See `ports.Queues`."""

    def __init__(
        self, address: str, credential: AsyncTokenCredential | None, dispatch_queue: str, import_queue: str
    ) -> None:
        """Take a connection string, or a namespace's host name and the identity's credential for it."""
        self._address = address
        self._credential = credential
        self._names = {True: dispatch_queue, False: import_queue}
        self._client: ServiceBusClient | None = None
        self._senders: dict[str, ServiceBusSender] = {}
        # A sender is one AMQP link: it sends one message at a time.
        self._sending = asyncio.Lock()

    async def send(self, due: Due) -> None:
        """Send the order; one that is due later is held back by the queue itself."""
        if isinstance(due, SendDispatch):
            order = DispatchOrder(batch_id=due.batch_id, attempt=due.attempt)
            at = None if due.at is None else datetime.fromtimestamp(due.at, UTC)
            message = ServiceBusMessage(order.model_dump_json(), scheduled_enqueue_time_utc=at)
        else:
            message = ServiceBusMessage(ImportOrder(batch_id=due.batch_id).model_dump_json())
        if sender := traceparent():
            # As bytes, like the SDK's own name for it: it then leaves this one as it is.
            message.application_properties = {TRACEPARENT.encode(): sender}
        queue = self._names[isinstance(due, SendDispatch)]
        try:
            # The wait for others that send counts, too: whoever waits for an answer has not long.
            async with asyncio.timeout(_PATIENCE_S), self._sending:
                await self._send(queue, message)
        except TimeoutError as error:
            raise Unavailable(f"The queue did not answer within {_PATIENCE_S:g} s.") from error

    async def check(self) -> None:
        """See whether the queues are there; raises Unavailable. See `ports.Dependency`."""
        try:
            # By links of its own, which are opened anew: one that is open already says nothing.
            async with self.connected() as client:
                for queue in self._names.values():
                    async with client.get_queue_receiver(queue) as receiver:
                        await receiver.peek_messages()
        except (AzureError, OSError) as error:
            raise Unavailable("The queue can't be reached.") from error

    def connected(self) -> ServiceBusClient:
        """Return a connection of the caller's own, for the caller to close."""
        if self._credential is None:
            return ServiceBusClient.from_connection_string(self._address, retry_total=_RETRIES)
        return ServiceBusClient(self._address, self._credential, retry_total=_RETRIES)

    async def _send(self, queue: str, message: ServiceBusMessage) -> None:
        try:
            await self._sender(queue).send_messages(message)
        except (AzureError, OSError) as error:
            await self._drop()
            raise Unavailable("The queue can't be reached.") from error
        except asyncio.CancelledError:
            # What a call that was cut short leaves behind is no link to send by.
            self._client = None
            self._senders.clear()
            raise

    def _sender(self, queue: str) -> ServiceBusSender:
        if self._client is None:
            self._client = self.connected()
        if queue not in self._senders:
            self._senders[queue] = self._client.get_queue_sender(queue)
        return self._senders[queue]

    async def _drop(self) -> None:
        """Forget a connection that failed, so that the next message gets a new one."""
        client, self._client = self._client, None
        self._senders.clear()
        if client is not None:
            await client.close()

    async def close(self) -> None:
        """Close the connection; a later message opens a new one."""
        async with self._sending:
            await self._drop()
