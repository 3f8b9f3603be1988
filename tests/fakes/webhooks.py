"""In-memory fakes of the ports for webhooks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from exchange.contract.webhooks import DeliveryState
from exchange.domain import webhooks
from exchange.domain.errors import NotFound, WriteConflict
from exchange.domain.webhook_deliveries import WebhookAnswer, WebhookDelivery
from exchange.ports import StoredDelivery, StoredWebhooks


class FakeWebhookStore:
    def __init__(self) -> None:
        self.items: dict[str, StoredWebhooks] = {}

    async def load(self, owner: str) -> StoredWebhooks:
        return self.items.get(owner, StoredWebhooks(owner, (), etag=""))

    async def find_owner(self, webhook_id: UUID) -> str:
        for owner, stored in self.items.items():
            if webhooks.find(stored.webhooks, webhook_id) is not None:
                return owner
        raise NotFound(f"The webhook {webhook_id} does not exist.")

    async def replace(self, changed: StoredWebhooks) -> None:
        if (await self.load(changed.owner)).etag != changed.etag:
            raise WriteConflict("The webhook was changed by another process.")
        self.items[changed.owner] = replace(changed, etag=uuid4().hex)


class FakeWebhookDeliveryStore:
    def __init__(self) -> None:
        self.items: dict[tuple[UUID, UUID], StoredDelivery] = {}

    async def create(self, delivery: WebhookDelivery) -> WebhookDelivery:
        key = (delivery.webhook_id, delivery.id)
        return self.items.setdefault(key, StoredDelivery(delivery, uuid4().hex)).delivery

    async def load(self, webhook_id: UUID, delivery_id: UUID) -> StoredDelivery:
        try:
            return self.items[webhook_id, delivery_id]
        except KeyError:
            raise NotFound(f"The webhook has no delivery {delivery_id}.") from None

    async def replace(self, delivery: WebhookDelivery, etag: str) -> str:
        if (await self.load(delivery.webhook_id, delivery.id)).etag != etag:
            raise WriteConflict("The delivery was changed by another process.")
        new_etag = uuid4().hex
        self.items[delivery.webhook_id, delivery.id] = StoredDelivery(delivery, new_etag)
        return new_etag

    async def list_latest(self, webhook_id: UUID, limit: int) -> Sequence[WebhookDelivery]:
        found = [stored.delivery for (owner, _), stored in self.items.items() if owner == webhook_id]
        return sorted(found, key=lambda delivery: delivery.created_at, reverse=True)[:limit]

    async def list_failed(self, limit: int) -> Sequence[WebhookDelivery]:
        failed = [stored.delivery for stored in self.items.values() if stored.delivery.state is DeliveryState.FAILED]
        return sorted(failed, key=lambda delivery: delivery.created_at, reverse=True)[:limit]

    async def count_failed(self, limit: int) -> int:
        return len(await self.list_failed(limit))

    async def list_overdue(self, now: float) -> AsyncIterator[WebhookDelivery]:
        due = [
            (item.delivery.due_at, item.delivery) for item in self.items.values() if item.delivery.due_at is not None
        ]
        for due_at, delivery in sorted(due, key=lambda pair: pair[0]):
            if due_at <= now:
                yield delivery


@dataclass(frozen=True, slots=True)
class Post:
    """A call to a webhook."""

    url: str
    secrets: Sequence[str]
    delivery: WebhookDelivery


async def accept_event(_post: Post) -> WebhookAnswer:
    return WebhookAnswer(204, None, 0.1)


class FakeWebhookCalls:
    """Records the calls. `behaviour` answers them; a test may replace it."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.behaviour: Callable[[Post], Awaitable[WebhookAnswer]] = accept_event
        self.address_faults: list[str] = []

    async def post(self, url: str, secrets: Sequence[str], delivery: WebhookDelivery) -> WebhookAnswer:
        self.posts.append(Post(url, secrets, delivery))
        return await self.behaviour(self.posts[-1])

    async def find_address_faults(self, _url: str) -> list[str]:
        return self.address_faults
