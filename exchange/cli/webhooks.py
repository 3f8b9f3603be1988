"""`exchange webhooks`: be called when a batch request has ended."""

from uuid import UUID

from cyclopts import App

from exchange.cli.common import COMMON, Common
from exchange.contract.webhooks import ProvisionedWebhook, WebhookDeliveryRead, WebhookIn

app = App(name="webhooks")

_DELIVERY_COLUMNS = ("delivery", "event", "state", "attempts", "HTTP status", "reason", "created")


def _make_delivery_row(delivery: WebhookDeliveryRead) -> tuple[object, ...]:
    return (
        delivery.id,
        delivery.event,
        delivery.state,
        delivery.attempt,
        delivery.http_status,
        delivery.reason,
        delivery.created_at,
    )


@app.command(name="list")
def list_webhooks(*, common: Common = COMMON) -> None:
    """List your webhooks."""
    with common.connect() as client:
        webhooks = client.list_webhooks().webhooks
    rows = (
        (hook.id, hook.url, "yes" if hook.enabled else f"no: {hook.disabled_reason or 'by you'}", hook.description)
        for hook in webhooks
    )
    common.terminal.show(webhooks, ("webhook", "url", "enabled", "description"), rows)


@app.command
def add(url: str, *, description: str = "", common: Common = COMMON) -> None:
    """Add a webhook, and print its secret, which is never shown again.

    Parameters
    ----------
    url
        The address that the exchange calls.
    description
        Free text.
    """
    with common.connect() as client:
        made = client.add_webhook(WebhookIn(url=url, description=description))
    _show_secret(made, common)
    common.terminal.suggest(f"exchange webhooks test {made.id}")


def _show_secret(webhook: ProvisionedWebhook, common: Common) -> None:
    if common.json:
        common.terminal.write_json(webhook)
    else:
        common.terminal.write_table(("", ""), [("webhook", webhook.id), ("secret", webhook.secret)])
    common.terminal.say("Keep the secret: it is not shown again.")


@app.command
def remove(webhook: UUID, *, common: Common = COMMON) -> None:
    """Remove a webhook."""
    with common.connect() as client:
        client.remove_webhook(webhook)
    common.terminal.say(f"Removed {webhook}.")


@app.command
def rotate_secret(webhook: UUID, *, common: Common = COMMON) -> None:
    """Replace the secret of a webhook, and print the new one."""
    with common.connect() as client:
        made = client.rotate_webhook_secret(webhook)
    _show_secret(made, common)


@app.command(name="test")
def send_test(webhook: UUID, *, common: Common = COMMON) -> None:
    """Have the exchange send a test event."""
    with common.connect() as client:
        delivery = client.test_webhook(webhook)
    common.terminal.show(delivery, _DELIVERY_COLUMNS, [_make_delivery_row(delivery)])
    common.terminal.suggest(f"exchange webhooks deliveries {webhook}")


@app.command
def deliveries(webhook: UUID, *, common: Common = COMMON) -> None:
    """List the newest deliveries to a webhook."""
    with common.connect() as client:
        found = client.list_deliveries(webhook).deliveries
    common.terminal.show(found, _DELIVERY_COLUMNS, map(_make_delivery_row, found))


@app.command
def redeliver(webhook: UUID, delivery: UUID, *, common: Common = COMMON) -> None:
    """Deliver an event again."""
    with common.connect() as client:
        found = client.redeliver(webhook, delivery)
    common.terminal.show(found, _DELIVERY_COLUMNS, [_make_delivery_row(found)])
