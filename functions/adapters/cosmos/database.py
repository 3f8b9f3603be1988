"""The connection to one Cosmos DB database."""

import asyncio
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.cosmos.aio import ContainerProxy, CosmosClient

from functions.adapters.azure_errors import translated

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
        self._opening = asyncio.Lock()

    async def container(self, name: str) -> ContainerProxy:
        """Return the container, connecting first if nobody has; raises Unavailable."""
        async with self._opening:
            if self._client is None:
                client = CosmosClient(self._endpoint, self._credential)
                # Without it the first request has no connection pool to use.
                with translated("database"):
                    await client.__aenter__()
                self._client = client
        return self._client.get_database_client(self._database).get_container_client(name)

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
