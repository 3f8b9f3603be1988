"""Service Bus triggers with peek-lock: a return completes the message, an error abandons it."""

import asyncio
import logging
from collections.abc import Awaitable

from azure.functions.servicebus import ServiceBusMessage
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient, ServiceBusReceiver
from azure.servicebus.amqp import AmqpMessageBodyType
from azure.servicebus.exceptions import ServiceBusError

from local.host.bindings import Function, HostError, read_connection
from local.host.deliveries import Deliveries, wait_or_stop
from local.host.host_json import HostJson
from local.host.invoke import Failed, invoke

log = logging.getLogger("host")

_RECONNECT_S = 1.0
_POLL_S = 1.0


class ServiceBusListener:
    """Runs a function for each message of its queue, several concurrently. Reconnects until the broker answers."""

    def __init__(self, function: Function, host: HostJson, *, twice: bool) -> None:
        trigger = function.trigger
        if "queueName" not in trigger or trigger.get("isSessionsEnabled") or trigger.get("cardinality") == "MANY":
            raise HostError(f"'{function.name}': this host supports queues without sessions, one message per call.")
        self._function = function
        self._connection = read_connection(function)
        self._host = host
        self._times = 2 if twice else 1
        self._deliveries = Deliveries()

    async def run(self, stopping: asyncio.Event) -> None:
        """Receive messages until the host is to stop. Then wait for the running calls."""
        while not stopping.is_set():
            try:
                async with ServiceBusClient.from_connection_string(self._connection) as client:
                    await self._receive(client, stopping)
            except (ServiceBusError, OSError) as error:
                log.warning(
                    "%s: the queue cannot be reached (%s), reconnecting", self._function.name, type(error).__name__
                )
                await wait_or_stop(stopping, _RECONNECT_S)

    async def _receive(self, client: ServiceBusClient, stopping: asyncio.Event) -> None:
        renewer = AutoLockRenewer(max_lock_renewal_duration=self._host.lock_renewal_s)
        async with client.get_queue_receiver(self._function.trigger["queueName"]) as receiver, renewer:
            while not stopping.is_set():
                # Receive no message before a call can start, because its lock would expire meanwhile.
                await self._deliveries.wait_until_fewer_than(self._host.max_concurrent_messages)
                for message in await receiver.receive_messages(max_message_count=1, max_wait_time=_POLL_S):
                    renewer.register(receiver, message)
                    # A function runs to its end even if the connection breaks meanwhile.
                    self._deliveries.start(self._deliver(receiver, message))
            await self._deliveries.wait()

    async def _deliver(self, receiver: ServiceBusReceiver, message: ServiceBusReceivedMessage) -> None:
        try:
            for repetition in range(self._times):
                await invoke(self._function, self._to_argument(message, repetition), self._host.function_timeout_s)
        except Failed:
            await self._settle(receiver.abandon_message(message))
        else:
            await self._settle(receiver.complete_message(message))

    async def _settle(self, settling: Awaitable[None]) -> None:
        """Settle the message. If this fails, its lock expires and it is redelivered, as in Azure."""
        try:
            await settling
        except (ServiceBusError, ValueError, OSError) as error:
            log.warning("%s: a message could not be settled (%s)", self._function.name, type(error).__name__)

    def _to_argument(self, message: ServiceBusReceivedMessage, repetition: int) -> ServiceBusMessage:
        if message.body_type is not AmqpMessageBodyType.DATA:
            log.error("%s: the body of a message is not bytes", self._function.name)
            raise Failed(self._function.name)
        properties = {
            str(_decode(key)): _decode(value) for key, value in (message.application_properties or {}).items()
        }
        return ServiceBusMessage(
            body=b"".join(message.body),
            message_id=message.message_id or "",
            user_properties=properties,
            application_properties=properties,
            content_type=message.content_type,
            correlation_id=message.correlation_id,
            # The broker counts the previous deliveries. Azure's host also counts this one.
            delivery_count=(message.delivery_count or 0) + 1 + repetition,
            sequence_number=message.sequence_number,
            enqueued_time_utc=message.enqueued_time_utc,
            expires_at_utc=message.expires_at_utc,
            locked_until=message.locked_until_utc,
            lock_token=str(message.lock_token),
            subject=message.subject,
            reply_to=message.reply_to,
            to=message.to,
            time_to_live=message.time_to_live,
            scheduled_enqueue_time_utc=message.scheduled_enqueue_time_utc,
        )


def _decode(value: object) -> object:
    return value.decode() if isinstance(value, bytes) else value
