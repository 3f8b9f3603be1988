"""The events of uploads that were given up: the host's poison queue, and Event Grid's dead letters."""

from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.queue.aio import QueueClient

from functions.adapters.azure_errors import translated
from functions.adapters.blobs import BlobAccount
from functions.domain import blob_names
from functions.domain.errors import NotFound

# The host names it, and makes it when it first needs it.
_POISON_QUEUE = "webjobs-blobtrigger-poison"
_MOST = 1000


class PoisonQueue:
    """The queue where the host puts blob events that failed at each try; its client is made when it is first needed."""

    def __init__(self, address: str, credential: AsyncTokenCredential | None) -> None:
        """Take a connection string, or the URL of the account's queues and the identity's credential for it."""
        self._address = address
        self._credential = credential
        self._client: QueueClient | None = None

    @property
    def client(self) -> QueueClient:
        """The SDK's client; tried again quickly."""
        if self._client is None:
            options: dict[str, Any] = {
                "initial_backoff": 1,
                "increment_base": 2,
                "random_jitter_range": 1,
                "retry_total": 2,
                "connection_timeout": 5,
                "read_timeout": 20,
            }
            if self._credential is None:
                self._client = QueueClient.from_connection_string(self._address, _POISON_QUEUE, **options)
            else:
                self._client = QueueClient(self._address, _POISON_QUEUE, credential=self._credential, **options)
        return self._client

    async def close(self) -> None:
        """Close the connection; a later call opens a new one."""
        if self._client is not None:
            await self._client.close()
            self._client = None


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
