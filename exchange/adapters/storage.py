"""The client of one service of a storage account."""

from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, TypeVar

from azure.core.credentials_async import AsyncTokenCredential

from exchange.adapters.proxies import has_proxy


class Closable(Protocol):
    """A client of an SDK."""

    async def close(self) -> None:
        """Close its connections."""


C = TypeVar("C", bound=Closable)


class StorageClient(ABC, Generic[C]):
    """One client for the process, made when it is first needed."""

    def __init__(self, address: str, credential: AsyncTokenCredential | None) -> None:
        """`address` is a connection string, or the URL of the service if there is a `credential`."""
        self._address = address
        self._credential = credential
        self._client: C | None = None

    @property
    def client(self) -> C:
        """The SDK's client. Its retries are quick, because a caller may be waiting."""
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
            self._client = self._make_client(self._address, self._credential, options)
        return self._client

    @abstractmethod
    def _make_client(self, address: str, credential: AsyncTokenCredential | None, options: dict[str, Any]) -> C:
        """Make the client, from the connection string unless a credential is given."""

    async def close(self) -> None:
        """Close the connection. A later call opens a new one."""
        if self._client is not None:
            await self._client.close()
            self._client = None
