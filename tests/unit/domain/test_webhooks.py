import base64
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from exchange.contract.webhooks import WebhookEvent, WebhookIn, WebhookPatch
from exchange.domain import webhooks
from exchange.domain.errors import Conflict
from exchange.domain.signatures import RobotSecrets
from exchange.domain.webhooks import PREFIX, Webhook, Webhooks, WebhookSecrets

NOW = 1_800_000_000.0
ID, OTHER = UUID("11111111-1111-4111-8111-111111111111"), UUID("22222222-2222-4222-8222-222222222222")
NEW = WebhookIn(url="https://receiver.test/hook", description="mine")
WEBHOOK = Webhook(id=ID, url=NEW.url, description="mine", events=(WebhookEvent.BATCH_ENDED,), created_at=NOW)
SECRETS = WebhookSecrets("a master key of a test")


def test_a_webhook_is_added_once() -> None:
    once = webhooks.add((), ID, NEW, NOW, 10)
    assert once == (WEBHOOK,)
    assert webhooks.add(once, ID, NEW, NOW + 1, 10) == once


def test_the_limit_is_exact() -> None:
    known: Webhooks = ()
    for _ in range(10):
        known = webhooks.add(known, uuid4(), NEW, NOW, 10)
    with pytest.raises(Conflict, match="10 webhooks"):
        webhooks.add(known, uuid4(), NEW, NOW, 10)
    assert webhooks.add(known, known[0].id, NEW, NOW, 10) == known


def test_only_given_fields_are_changed() -> None:
    assert webhooks.change(WEBHOOK, WebhookPatch()) == WEBHOOK
    assert webhooks.change(WEBHOOK, WebhookPatch(description="")) == replace(WEBHOOK, description="")
    patch = WebhookPatch(url="https://other.test", enabled=False, events=[WebhookEvent.BATCH_ENDED])
    assert webhooks.change(WEBHOOK, patch) == replace(WEBHOOK, url="https://other.test", enabled=False)


def test_a_disabled_webhook_receives_nothing_until_it_is_enabled() -> None:
    disabled = webhooks.disable(WEBHOOK, "gone")
    assert WEBHOOK.receives(WebhookEvent.BATCH_ENDED)
    assert not disabled.receives(WebhookEvent.BATCH_ENDED)
    assert webhooks.change(disabled, WebhookPatch(description="x")).disabled_reason == "gone"
    assert webhooks.change(disabled, WebhookPatch(enabled=True)) == WEBHOOK


def test_a_secret_is_32_bytes_that_depend_on_the_webhook_and_the_version() -> None:
    secret = SECRETS.derive(ID, 1)
    assert secret.startswith(PREFIX)
    assert len(base64.b64decode(secret.removeprefix(PREFIX), validate=True)) == 32
    derived = {SECRETS.derive(ID, 1), SECRETS.derive(ID, 2), SECRETS.derive(OTHER, 1)}
    assert len(derived | {WebhookSecrets("another master key").derive(ID, 1)}) == 4
    robots = bytes.fromhex(RobotSecrets(SECRETS.master_key).derive(ID, 1))
    assert base64.b64decode(secret.removeprefix(PREFIX)) != robots


def test_the_previous_secret_signs_too_until_its_end() -> None:
    replaced = webhooks.replace_secret(WEBHOOK, 2, NOW + 10)
    assert SECRETS.list_valid(WEBHOOK, NOW) == [SECRETS.derive(ID, 1)]
    assert SECRETS.list_valid(replaced, NOW + 9) == [SECRETS.derive(ID, 2), SECRETS.derive(ID, 1)]
    assert SECRETS.list_valid(replaced, NOW + 10) == [SECRETS.derive(ID, 2)]
    assert webhooks.replace_secret(replaced, 2, NOW + 99) == replaced
