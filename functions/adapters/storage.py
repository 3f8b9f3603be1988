"""One client of a storage service for the process, whichever service of the account it is."""

from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, TypeVar

from azure.core.credentials_async import AsyncTokenCredential

from functions.adapters.proxies import has_proxy


class Closable(Protocol):
    """A client of the SDK."""

    async def close(self) -> None:
        """Close its connections."""


C = TypeVar("C", bound=Closable)


class StorageClient(ABC, Generic[C]):
    """Made when it is first needed, and never closed by the app."""

    def __init__(self, address: str, credential: AsyncTokenCredential | None) -> None:
        """Take a connection string, or the service's URL and the identity's credential for it."""
        self._address = address
        self._credential = credential
        self._client: C | None = None

    @property
    def client(self) -> C:
        """The SDK's client; tried again quickly, as somebody may be waiting for the answer."""
        if self._client is None:
            options = {
                "initial_backoff": 1,
                "increment_base": 2,
                "random_jitter_range": 1,
                "retry_total": 2,
                "connection_timeout": 5,
                "read_timeout": 20,
                "use_env_settings": has_proxy(),
            }
            self._client = self._made(self._address, self._credential, options)
        return self._client

    @abstractmethod
    def _made(self, address: str, credential: AsyncTokenCredential | None, options: dict[str, Any]) -> C:
        """Make the client: by the connection string if there is no credential."""

    async def close(self) -> None:
        """Close the connection; a later call opens a new one."""
        if self._client is not None:
            await self._client.close()
            self._client = None
