"""Service Bus triggers: peek-lock; returning completes a message, raising abandons it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.functions.servicebus import ServiceBusMessage
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusReceiver
from azure.servicebus.exceptions import ServiceBusError

from local.host.bindings import Function, connection
from local.host.host_json import HostJson
from local.host.invoke import Failed, invoke

log = logging.getLogger("host")

_RECONNECT_S = 1.0
_POLL_S = 1.0


class ServiceBusListener:
    """Runs a function for each message of its queue, some at once. Connects anew for ever when the broker is away."""

    def __init__(self, function: Function, host: HostJson, *, twice: bool) -> None:
        self._function = function
        self._queue = function.trigger["queueName"]
        self._connection = connection(function.trigger, function.name)
        self._host = host
        self._deliveries = 2 if twice else 1
        self._handling: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Listen until cancelled; messages that are being handled then come again when their locks expire."""
        while True:
            try:
                async with ServiceBusClient.from_connection_string(self._connection) as client:
                    await self._listen(client)
            except (ServiceBusError, OSError) as error:
                log.warning("%s: the queue is away (%s), trying again", self._function.name, type(error).__name__)
            await asyncio.sleep(_RECONNECT_S)

    async def _listen(self, client: ServiceBusClient) -> None:
        free = asyncio.Semaphore(self._host.messages_at_once)
        renewer = AutoLockRenewer(max_lock_renewal_duration=self._host.lock_renewal_s)
        async with client.get_queue_receiver(self._queue) as receiver, renewer:
            while True:
                # Take no message before there is room for it: its lock would run meanwhile.
                await free.acquire()
                messages = await receiver.receive_messages(max_message_count=1, max_wait_time=_POLL_S)
                if not messages:
                    free.release()
                    continue
                renewer.register(receiver, messages[0])
                # A function runs on to its end though the connection breaks meanwhile.
                task = asyncio.create_task(self._handle(receiver, messages[0], free))
                self._handling.add(task)
                task.add_done_callback(self._handling.discard)

    async def _handle(
        self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage, free: asyncio.Semaphore
    ) -> None:
        async with _released(free):
            try:
                for delivery in range(self._deliveries):
                    await invoke(self._function, _to_functions(message, delivery), self._host.function_timeout_s)
            except Failed:
                await self._settle(receiver.abandon_message(message))
            else:
                await self._settle(receiver.complete_message(message))

    async def _settle(self, settling: object) -> None:
        """Settle; if that fails, the lock expires and the message comes again, as in Azure."""
        try:
            await settling  # type: ignore[misc] # a coroutine of the SDK
        except (ServiceBusError, ValueError, OSError) as error:
            log.warning("%s: a message could not be settled: %s", self._function.name, type(error).__name__)


@asynccontextmanager
async def _released(free: asyncio.Semaphore) -> AsyncIterator[None]:
    try:
        yield
    finally:
        free.release()


def _to_functions(message: ServiceBusReceivedMessage, more_deliveries: int) -> ServiceBusMessage:
    given = message.application_properties or {}
    properties = {str(_text(key)): _text(value) for key, value in given.items()}
    return ServiceBusMessage(
        body=b"".join(message.body),
        message_id=message.message_id or "",
        user_properties=properties,
        application_properties=properties,
        content_type=message.content_type,
        correlation_id=message.correlation_id,
        delivery_count=(message.delivery_count or 0) + 1 + more_deliveries,
        sequence_number=message.sequence_number,
        enqueued_time_utc=message.enqueued_time_utc,
        lock_token=str(message.lock_token),
    )


def _text(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value
