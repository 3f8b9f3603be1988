"""The connection to one Cosmos DB database."""

import asyncio
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport
from azure.cosmos.aio import ContainerProxy, CosmosClient

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.proxies import has_proxy

Item = dict[str, Any]

# The container whose properties the health check reads.
_CHECKED_CONTAINER = "batches"


class CosmosDatabase:
    """One client for the process, made when it is first needed."""

    def __init__(self, endpoint: str, credential: str | AsyncTokenCredential, database: str) -> None:
        self._endpoint = endpoint
        self._credential = credential
        self._database = database
        self._client: CosmosClient | None = None
        self._opening: asyncio.Task[CosmosClient] | None = None

    async def container(self, name: str) -> ContainerProxy:
        """Return the container. The first call connects. Raises Unavailable."""
        client = self._client or await self._connect_once()
        return client.get_database_client(self._database).get_container_client(name)

    async def _connect_once(self) -> CosmosClient:
        """Connect. Concurrent callers share one attempt and its failure."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._connect())
        opening = self._opening
        try:
            self._client = await asyncio.shield(opening)
        finally:
            if opening.done() and self._opening is opening:
                self._opening = None
        return self._client

    async def _connect(self) -> CosmosClient:
        client = CosmosClient(
            self._endpoint,
            self._credential,
            connection_timeout=5,
            read_timeout=20,
            transport=AioHttpTransport(use_env_settings=has_proxy()),
        )
        # Without this the first request has no connection pool.
        with translate_errors("database"):
            await client.__aenter__()
        return client

    async def check(self) -> None:
        """Read the properties of a container. Raises Unavailable. See `ports.Dependency`."""
        container = await self.container(_CHECKED_CONTAINER)
        with translate_errors("database"):
            await container.read()

    async def close(self) -> None:
        """Close the connection. A later call of `container` opens a new one."""
        if self._client is not None:
            await self._client.close()
            self._client = None
