"""The claims of references on identifiers: one item per identifier."""

from collections.abc import Iterable
from uuid import UUID

from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos.creating import create_once, find_same
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, check_version
from exchange.concurrency import run_concurrently
from exchange.domain.errors import NameTaken, NotFound, WriteConflict
from exchange.domain.ids import new_id
from exchange.ports import Claim

_CONTAINER = "identifiers"
# Of the reads of one call. A call may have thousands of identifiers.
_MAX_CONCURRENT = 16


class CosmosIdentifierClaims:
    """Stores claims; see `ports.IdentifierClaims`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def read(self, keys: Iterable[str]) -> list[Claim]:
        """Read each claim by its id, which is the cheapest request there is."""
        container = await self._database.container(_CONTAINER)
        reads = (_read_one(container, key) for key in keys)
        return [claim async for claim in run_concurrently(reads, _MAX_CONCURRENT) if claim is not None]

    async def claim(self, key: str, owner: UUID, before: Claim | None) -> Claim | None:
        """Create the item, or replace it if it still has the ETag. The SDK may repeat either request."""
        container = await self._database.container(_CONTAINER)
        item = {"id": key, "reference_id": str(owner), "claim_id": str(new_id()), FIELD: FIRST_VERSION}
        try:
            if before is None:
                written = await create_once(container, item, key, "identifier", ["claim_id"])
            else:
                written = await _replace(container, item, before)
        except (NameTaken, NotFound, WriteConflict):
            return None
        return Claim(key, owner, written["_etag"])

    async def release(self, claim: Claim) -> None:
        """Delete the item if it still has the ETag."""
        container = await self._database.container(_CONTAINER)
        try:
            with translate_errors("identifier"):
                await container.delete_item(
                    claim.key,
                    partition_key=claim.key,
                    etag=claim.etag,
                    match_condition=MatchConditions.IfNotModified,
                )
        except (NotFound, WriteConflict):
            pass


async def _read_one(container: ContainerProxy, key: str) -> Claim | None:
    try:
        with translate_errors("identifier"):
            item = await container.read_item(key, partition_key=key)
    except NotFound:
        return None
    check_version(item)
    return Claim(key, UUID(item["reference_id"]), item["_etag"])


async def _replace(container: ContainerProxy, item: Item, before: Claim) -> Item:
    try:
        with translate_errors("identifier"):
            return await container.replace_item(
                before.key, item, etag=before.etag, match_condition=MatchConditions.IfNotModified
            )
    except WriteConflict:
        written = await find_same(container, item, before.key, "identifier", ["claim_id"])
        if written is None:
            raise
        return written
