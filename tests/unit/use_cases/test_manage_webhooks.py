import asyncio
from uuid import UUID, uuid4

import pytest

from exchange.contract.webhooks import ProvisionedWebhook, WebhookIn, WebhookPatch
from exchange.domain.callers import Role, User
from exchange.domain.errors import Conflict, Forbidden, InputRejected, NotFound, WriteConflict
from exchange.ports import StoredWebhooks
from exchange.use_cases import manage_webhooks
from tests.fakes.world import World

OWNER = User("owner", frozenset({Role.REQUESTOR}))
OTHER = User("other", frozenset({Role.REQUESTOR}))
OPERATOR = User("operator", frozenset({Role.OPERATOR}))
NEW = WebhookIn(url="https://receiver.test/hook")


async def create(world: World, user: User = OWNER) -> ProvisionedWebhook:
    return await manage_webhooks.create_webhook(NEW, user, world.services)


def lose_the_answer_once(world: World) -> None:
    """Apply the next write, but let its answer be lost, so that the repeated request meets its own write."""
    write = world.webhooks.replace

    async def replace(changed: StoredWebhooks) -> None:
        world.webhooks.replace = write  # type: ignore[method-assign] # restores the fake
        await write(changed)
        raise WriteConflict("The webhook was changed by another process.")

    world.webhooks.replace = replace  # type: ignore[method-assign] # replaces the fake


async def test_a_webhook_is_created_read_and_listed_without_its_secret() -> None:
    world = World()
    created = await create(world)
    assert created.secret == world.services.webhook_secrets.derive(created.id, 1)
    read = await manage_webhooks.read_webhook(created.id, OWNER, world.services)
    assert read.model_dump() == {name: value for name, value in created.model_dump().items() if name != "secret"}
    assert (await manage_webhooks.list_webhooks(OWNER, world.services)).webhooks == [read]
    assert (await manage_webhooks.list_webhooks(OPERATOR, world.services)).webhooks == []


async def test_only_the_owner_and_operators_may_use_a_webhook() -> None:
    world = World()
    webhook_id = (await create(world)).id
    for use in (
        lambda user: manage_webhooks.read_webhook(webhook_id, user, world.services),
        lambda user: manage_webhooks.change_webhook(webhook_id, WebhookPatch(enabled=False), user, world.services),
        lambda user: manage_webhooks.replace_webhook_secret(webhook_id, user, world.services),
        lambda user: manage_webhooks.delete_webhook(webhook_id, user, world.services),
    ):
        with pytest.raises(Forbidden, match="another user"):
            await use(OTHER)
        await use(OPERATOR)
    with pytest.raises(NotFound, match=str(webhook_id)):
        await manage_webhooks.read_webhook(webhook_id, OWNER, world.services)


async def test_a_webhook_that_does_not_exist_is_not_found() -> None:
    world = World()
    await create(world)
    for user in (OWNER, OPERATOR):
        with pytest.raises(NotFound):
            await manage_webhooks.delete_webhook(uuid4(), user, world.services)


async def test_nothing_is_stored_for_an_address_that_is_not_allowed() -> None:
    world = World()
    world.webhook_calls.address_faults = ["url must begin with https://."]
    with pytest.raises(InputRejected, match="https"):
        await create(world)
    assert not world.webhooks.items
    world.webhook_calls.address_faults = []
    created = await create(world)
    world.webhook_calls.address_faults = ["The host of url has an address that is not public."]
    with pytest.raises(InputRejected, match="not public"):
        await manage_webhooks.change_webhook(created.id, WebhookPatch(url="https://inner.test"), OWNER, world.services)
    paused = await manage_webhooks.change_webhook(created.id, WebhookPatch(enabled=False), OWNER, world.services)
    assert (paused.url, paused.enabled) == (NEW.url, False)


async def test_concurrent_requests_do_not_exceed_the_limit() -> None:
    world = World()
    results = await asyncio.gather(*(create(world) for _ in range(15)), return_exceptions=True)
    created = [result for result in results if isinstance(result, ProvisionedWebhook)]
    assert len(created) == len(world.webhooks.items[OWNER.id].webhooks) == 10
    assert {type(result) for result in results} == {ProvisionedWebhook, Conflict}
    await create(world, OTHER)


async def test_a_creation_whose_answer_was_lost_makes_one_webhook() -> None:
    world = World()
    lose_the_answer_once(world)
    created = await create(world)
    assert [webhook.id for webhook in world.webhooks.items[OWNER.id].webhooks] == [created.id]


async def test_the_replaced_secret_signs_for_another_day() -> None:
    world = World()
    created = await create(world)
    lose_the_answer_once(world)
    replaced = await manage_webhooks.replace_webhook_secret(created.id, OWNER, world.services)

    def list_secrets(webhook_id: UUID) -> list[str]:
        (webhook,) = world.webhooks.items[OWNER.id].webhooks
        assert webhook.id == webhook_id
        return list(world.services.webhook_secrets.list_valid(webhook, world.clock.now))

    assert list_secrets(created.id) == [replaced.secret, created.secret]
    world.clock.now += 86_400
    assert list_secrets(created.id) == [replaced.secret]
