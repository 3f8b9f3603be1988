"""The events of uploads that were given up: the host's poison queue, and Event Grid's dead letters."""

from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.queue.aio import QueueClient

from functions.adapters.azure_errors import translated
from functions.adapters.blobs import BlobAccount
from functions.adapters.storage import StorageClient
from functions.domain import blob_names
from functions.domain.errors import NotFound

# The host names it, and makes it when it first needs it.
_POISON_QUEUE = "webjobs-blobtrigger-poison"
_MOST = 1000


class PoisonQueue(StorageClient[QueueClient]):
    """The queue where the host puts blob events that failed at each try."""

    def _made(self, address: str, credential: AsyncTokenCredential | None, options: dict[str, Any]) -> QueueClient:
        if credential is None:
            return QueueClient.from_connection_string(address, _POISON_QUEUE, **options)
        return QueueClient(address, _POISON_QUEUE, credential=credential, **options)


class GivenUpUploads:
    """Counts them; see `ports.GivenUp`."""

    def __init__(self, account: BlobAccount, poison: PoisonQueue) -> None:
        self._account = account
        self._poison = poison

    async def poisoned(self) -> int:
        """Count, about, the messages of the poison queue."""
        try:
            with translated("poison queue"):
                properties = await self._poison.client.get_queue_properties()
        except NotFound:
            return 0
        return properties.approximate_message_count or 0

    async def undelivered(self) -> int:
        """Count the blobs of dead letters, a page of them; raises NotFound if there is no such container."""
        count = 0
        container = self._account.client.get_container_client(blob_names.DEAD_LETTERS)
        with translated("container of dead letters"):
            async for page in container.list_blobs(results_per_page=_MOST).by_page():
                count += len([blob async for blob in page])
                # A page may be shorter than asked for, and even empty, while others follow.
                if count >= _MOST:
                    break
        return min(count, _MOST)
