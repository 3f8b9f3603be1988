"""Dead letters of blob events: the host's poison queue, and Event Grid's dead-letter container."""

from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.queue.aio import QueueClient

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.blobs import BlobAccount
from exchange.adapters.storage import StorageClient
from exchange.domain import blob_names
from exchange.domain.errors import NotFound

# The host chooses the name, and creates the queue when it first needs it.
_POISON_QUEUE = "webjobs-blobtrigger-poison"
_MAX_COUNT = 1000


class PoisonQueue(StorageClient[QueueClient]):
    """The queue with blob events that failed at every attempt."""

    def _make_client(
        self, address: str, credential: AsyncTokenCredential | None, options: dict[str, Any]
    ) -> QueueClient:
        if credential is None:
            return QueueClient.from_connection_string(address, _POISON_QUEUE, **options)
        return QueueClient(address, _POISON_QUEUE, credential=credential, **options)


class BlobEventDeadLetters:
    """Counts dead letters; see `ports.DeadLetters`."""

    def __init__(self, account: BlobAccount, poison_queue: PoisonQueue) -> None:
        self._account = account
        self._poison_queue = poison_queue

    async def count_poison_queue(self) -> int:
        """Return the approximate number of messages in the poison queue. 0 if it does not exist yet."""
        try:
            with translate_errors("poison queue"):
                properties = await self._poison_queue.client.get_queue_properties()
        except NotFound:
            return 0
        return properties.approximate_message_count or 0

    async def count_event_grid(self) -> int:
        """Return the number of dead-letter blobs, at most 1,000. Raises NotFound if the container does not exist."""
        count = 0
        container = self._account.client.get_container_client(blob_names.DEAD_LETTERS)
        with translate_errors("dead-letter container"):
            async for page in container.list_blobs(results_per_page=_MAX_COUNT).by_page():
                count += len([blob async for blob in page])
                # A page may be short or even empty while others follow.
                if count >= _MAX_COUNT:
                    break
        return min(count, _MAX_COUNT)
