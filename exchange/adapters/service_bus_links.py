"""The links to Service Bus. The SDK takes half a second to open one, and a second to close it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver, ServiceBusSender

from exchange.domain.errors import Unavailable

log = logging.getLogger(__name__)

# A caller may be waiting, so retries are few. The sweep sends what could not be sent.
_RETRIES = 1
_TIMEOUT_S = 10.0
# Service Bus closes a link that was idle for ten minutes.
_MAX_IDLE_S = 300.0


class ServiceBusLinks:
    """One sender per queue, kept for the process, and receivers. Each link has a connection of its own."""

    def __init__(
        self, address: str, credential: AsyncTokenCredential | None, *, max_idle_s: float = _MAX_IDLE_S
    ) -> None:
        """`address` is a connection string, or the host name of the namespace if there is a `credential`."""
        self._address = address
        self._credential = credential
        self._max_idle_s = max_idle_s
        self._client: ServiceBusClient | None = None
        self._senders: dict[str, ServiceBusSender] = {}
        # A sender sends one message at a time.
        self._sending = asyncio.Lock()
        # By queue, with the time when they were last used. A peeker in use is not here.
        self._idle_peekers: dict[tuple[str, ServiceBusSubQueue | None], tuple[ServiceBusReceiver, float]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, queue: str, message: ServiceBusMessage) -> None:
        """Send the message. Raises Unavailable."""
        try:
            # The wait for other senders counts too, because a caller may be waiting.
            async with asyncio.timeout(_TIMEOUT_S), self._sending:
                await self._send(queue, message)
        except TimeoutError as error:
            raise Unavailable(f"The queue did not answer within {_TIMEOUT_S:g} s.") from error

    @asynccontextmanager
    async def use_receiver(
        self, queue: str, sub_queue: ServiceBusSubQueue | None = None
    ) -> AsyncIterator[ServiceBusReceiver]:
        """Provide a new receiver, which opens when it is first used. Afterwards it is closed in the background.

        It is not kept, because a receiver that has received may have credit, and lock a message that nothing needs.
        """
        receiver = self._make_receiver(queue, sub_queue)
        try:
            yield receiver
        finally:
            self._close_later(receiver)

    @asynccontextmanager
    async def use_peeker(
        self, queue: str, sub_queue: ServiceBusSubQueue | None = None
    ) -> AsyncIterator[ServiceBusReceiver]:
        """Provide a receiver that may only peek: it has no credit, so it locks no message. Raises TimeoutError.

        One call at a time uses it. It is kept for later calls, unless an error occurs.
        """
        peeker = self._take_idle_peeker(queue, sub_queue) or self._make_receiver(queue, sub_queue)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                yield peeker
        except BaseException:
            # An interrupted call leaves the link in an unknown state.
            self._close_later(peeker)
            raise
        if (queue, sub_queue) in self._idle_peekers:
            self._close_later(peeker)
        else:
            self._idle_peekers[queue, sub_queue] = (peeker, time.monotonic())

    async def close(self) -> None:
        """Close the links, and wait for those that are being closed. A later call opens new ones."""
        async with self._sending:
            for sender in self._senders.values():
                self._close_later(sender)
            self._senders.clear()
        for peeker, _ in self._idle_peekers.values():
            self._close_later(peeker)
        self._idle_peekers.clear()
        await asyncio.gather(*self._closing)

    async def _send(self, queue: str, message: ServiceBusMessage) -> None:
        if queue not in self._senders:
            self._senders[queue] = self._get_client().get_queue_sender(queue)
        try:
            await self._senders[queue].send_messages(message)
        except (AzureError, OSError) as error:
            self._close_later(self._senders.pop(queue))
            raise Unavailable("The queue cannot be reached.") from error
        except asyncio.CancelledError:
            # A cancelled call leaves the link in an unknown state.
            self._close_later(self._senders.pop(queue))
            raise

    def _take_idle_peeker(self, queue: str, sub_queue: ServiceBusSubQueue | None) -> ServiceBusReceiver | None:
        peeker, used_at = self._idle_peekers.pop((queue, sub_queue), (None, 0.0))
        if peeker is not None and time.monotonic() - used_at > self._max_idle_s:
            self._close_later(peeker)
            return None
        return peeker

    def _make_receiver(self, queue: str, sub_queue: ServiceBusSubQueue | None) -> ServiceBusReceiver:
        return self._get_client().get_queue_receiver(queue, sub_queue=sub_queue)

    def _get_client(self) -> ServiceBusClient:
        """Return the client. It only makes links, so it is never closed."""
        if self._client is None:
            if self._credential is None:
                self._client = ServiceBusClient.from_connection_string(self._address, retry_total=_RETRIES)
            else:
                self._client = ServiceBusClient(self._address, self._credential, retry_total=_RETRIES)
        return self._client

    def _close_later(self, link: ServiceBusReceiver | ServiceBusSender) -> None:
        closing = asyncio.create_task(_close(link))
        # Otherwise the task could be collected before it ends.
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)


async def _close(link: ServiceBusReceiver | ServiceBusSender) -> None:
    """Close the link. One that cannot be closed is left to Service Bus, which drops it."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await link.close()
    except Exception as error:  # noqa: BLE001 - the SDK may raise any error for a broken link
        log.info("A link to Service Bus could not be closed (%s).", type(error).__name__)
