"""The connection to one Cosmos DB database."""

import asyncio
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline.transport import AioHttpTransport
from azure.cosmos.aio import ContainerProxy, CosmosClient

from functions.adapters.azure_errors import translated
from functions.adapters.proxies import has_proxy

Item = dict[str, Any]

# Any container does for a look at whether the database answers.
_PROBED = "batches"


class CosmosDatabase:
    """One client for the process, made when it is first needed and never closed."""

    def __init__(self, endpoint: str, credential: str | AsyncTokenCredential, database: str) -> None:
        self._endpoint = endpoint
        self._credential = credential
        self._database = database
        self._client: CosmosClient | None = None
        self._opening: asyncio.Task[CosmosClient] | None = None

    async def container(self, name: str) -> ContainerProxy:
        """Return the container, connecting first if nobody has; raises Unavailable."""
        client = self._client or await self._opened()
        return client.get_database_client(self._database).get_container_client(name)

    async def _opened(self) -> CosmosClient:
        """Connect; those who ask meanwhile share the one attempt, and its failure."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        opening = self._opening
        try:
            self._client = await asyncio.shield(opening)
        finally:
            if opening.done() and self._opening is opening:
                self._opening = None
        return self._client

    async def _open(self) -> CosmosClient:
        client = CosmosClient(
            self._endpoint,
            self._credential,
            connection_timeout=5,
            read_timeout=20,
            transport=AioHttpTransport(use_env_settings=has_proxy()),
        )
        # Without it the first request has no connection pool to use.
        with translated("database"):
            await client.__aenter__()
        return client

    async def check(self) -> None:
        """See whether it is there; raises Unavailable. See `ports.Dependency`."""
        container = await self.container(_PROBED)
        with translated("database"):
            await container.read()

    async def close(self) -> None:
        """Close the connection; a later call of `container` opens a new one."""
        if self._client is not None:
            await self._client.close()
            self._client = None
