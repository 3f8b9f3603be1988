"""The webhooks: one item per user, so that the end of a batch reads all webhooks of its requestor at once."""

from uuid import UUID

from azure.core import MatchConditions
from pydantic import TypeAdapter

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos.creating import create_once
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, check_version
from exchange.domain.errors import NameTaken, NotFound, WriteConflict
from exchange.domain.ids import derive_id
from exchange.domain.webhooks import Webhooks
from exchange.ports import StoredWebhooks

_WEBHOOKS: TypeAdapter[Webhooks] = TypeAdapter(Webhooks)
_CONTAINER = "webhooks"
_OWNER = "SELECT VALUE c.owner FROM c WHERE ARRAY_CONTAINS(c.webhook_ids, @webhook_id)"


class CosmosWebhookStore:
    """Stores one item per user; see `ports.WebhookStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def load(self, owner: str) -> StoredWebhooks:
        """Read the item of the user."""
        item_id = _make_id(owner)
        container = await self._database.container(_CONTAINER)
        try:
            with translate_errors("webhook"):
                item = check_version(await container.read_item(item_id, partition_key=item_id))
        except NotFound:
            return StoredWebhooks(owner, (), etag="")
        requested_at = tuple(item.get("requested_at", ()))
        return StoredWebhooks(owner, _WEBHOOKS.validate_python(item["webhooks"]), item["_etag"], requested_at)

    async def find_owner(self, webhook_id: UUID) -> str:
        """Query the items of all users. Raises NotFound."""
        parameters: list[dict[str, object]] = [{"name": "@webhook_id", "value": str(webhook_id)}]
        with translate_errors("webhook"):
            container = await self._database.container(_CONTAINER)
            owners = [str(owner) async for owner in container.query_items(_OWNER, parameters=parameters)]
        if not owners:
            raise NotFound(f"The webhook {webhook_id} does not exist.")
        return owners[0]

    async def replace(self, changed: StoredWebhooks) -> None:
        """Create the item, or replace it if it still has the ETag. Raises WriteConflict."""
        item = _to_item(changed)
        container = await self._database.container(_CONTAINER)
        try:
            if changed.etag:
                with translate_errors("webhook"):
                    await container.replace_item(
                        item["id"], item, etag=changed.etag, match_condition=MatchConditions.IfNotModified
                    )
            else:
                await create_once(container, item, item["id"], "webhook", ["webhook_ids"])
        except (NameTaken, NotFound) as error:
            raise WriteConflict("The webhook was changed by another process.") from error


def _to_item(stored: StoredWebhooks) -> Item:
    return {
        "id": _make_id(stored.owner),
        "owner": stored.owner,
        "webhook_ids": [str(webhook.id) for webhook in stored.webhooks],
        "webhooks": _WEBHOOKS.dump_python(stored.webhooks, mode="json"),
        "requested_at": stored.requested_at,
        FIELD: FIRST_VERSION,
    }


def _make_id(owner: str) -> str:
    """Return the id of the user's item. The id of a user may have characters that the id of an item may not."""
    return str(derive_id("webhooks of", owner))
