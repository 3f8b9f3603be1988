"""The deliveries to webhooks. Those of one webhook are in one partition. The container's time to live deletes them."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from azure.core import MatchConditions
from pydantic import TypeAdapter

from exchange.adapters.azure_errors import translate_create_errors, translate_errors
from exchange.adapters.cosmos.database import CosmosDatabase, Item
from exchange.adapters.cosmos.versions import FIELD, FIRST_VERSION, check_version
from exchange.domain.errors import NameTaken, NotFound
from exchange.domain.webhook_deliveries import WebhookDelivery
from exchange.ports import StoredDelivery

_DELIVERY: TypeAdapter[WebhookDelivery] = TypeAdapter(WebhookDelivery)
_CONTAINER = "deliveries"
_LATEST = "SELECT TOP @limit * FROM c WHERE c.webhook_id = @webhook_id ORDER BY c.created_at DESC"
_FAILED = "SELECT TOP @limit * FROM c WHERE c.state = 'failed' ORDER BY c.created_at DESC"
_FAILED_IDS = "SELECT TOP @limit VALUE c.id FROM c WHERE c.state = 'failed'"
# A delivery that has an end has no due_at, so the comparison leaves it out.
_OVERDUE = "SELECT * FROM c WHERE c.due_at <= @now ORDER BY c.due_at"


class CosmosWebhookDeliveryStore:
    """Stores one item per delivery; see `ports.WebhookDeliveryStore`."""

    def __init__(self, database: CosmosDatabase) -> None:
        self._database = database

    async def create(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """Create the item, or return the one that exists."""
        container = await self._database.container(_CONTAINER)
        try:
            with translate_create_errors("delivery"):
                await container.create_item(_to_item(delivery))
        except NameTaken:
            return (await self.load(delivery.webhook_id, delivery.id)).delivery
        return delivery

    async def load(self, webhook_id: UUID, delivery_id: UUID) -> StoredDelivery:
        """Read a delivery. Raises NotFound."""
        try:
            with translate_errors("delivery"):
                container = await self._database.container(_CONTAINER)
                item = await container.read_item(str(delivery_id), partition_key=str(webhook_id))
        except NotFound as error:
            raise NotFound(f"The webhook has no delivery {delivery_id}.") from error
        return StoredDelivery(_to_delivery(item), item["_etag"])

    async def replace(self, delivery: WebhookDelivery, etag: str) -> str:
        """Write the delivery if it still has this ETag, and return its new ETag. Raises WriteConflict, NotFound."""
        with translate_errors("delivery"):
            container = await self._database.container(_CONTAINER)
            item = await container.replace_item(
                str(delivery.id), _to_item(delivery), etag=etag, match_condition=MatchConditions.IfNotModified
            )
        new_etag: str = item["_etag"]
        return new_etag

    async def list_latest(self, webhook_id: UUID, limit: int) -> Sequence[WebhookDelivery]:
        """Return the latest deliveries, latest first."""
        parameters: list[dict[str, object]] = [
            {"name": "@webhook_id", "value": str(webhook_id)},
            {"name": "@limit", "value": limit},
        ]
        with translate_errors("delivery"):
            container = await self._database.container(_CONTAINER)
            found = container.query_items(_LATEST, parameters=parameters, partition_key=str(webhook_id))
            return [_to_delivery(item) async for item in found]

    async def list_failed(self, limit: int) -> Sequence[WebhookDelivery]:
        """Return the failed deliveries of all webhooks, latest first."""
        with translate_errors("delivery"):
            container = await self._database.container(_CONTAINER)
            found = container.query_items(_FAILED, parameters=[{"name": "@limit", "value": limit}])
            return [_to_delivery(item) async for item in found]

    async def count_failed(self, limit: int) -> int:
        """Count the failed deliveries of all webhooks. Stop counting at `limit`."""
        with translate_errors("delivery"):
            container = await self._database.container(_CONTAINER)
            found = container.query_items(_FAILED_IDS, parameters=[{"name": "@limit", "value": limit}])
            return len([item async for item in found])

    async def list_overdue(self, now: float) -> AsyncIterator[WebhookDelivery]:
        """Yield the overdue deliveries, longest overdue first."""
        with translate_errors("delivery"):
            container = await self._database.container(_CONTAINER)
            async for item in container.query_items(_OVERDUE, parameters=[{"name": "@now", "value": now}]):
                yield _to_delivery(item)


def _to_delivery(item: Item) -> WebhookDelivery:
    return _DELIVERY.validate_python(check_version(item))


def _to_item(delivery: WebhookDelivery) -> Item:
    item: Item = _DELIVERY.dump_python(delivery, mode="json")
    item[FIELD] = FIRST_VERSION
    if item["due_at"] is None:
        del item["due_at"]
    return item
