import pytest
from pydantic import ValidationError

from exchange.contract.webhooks import WebhookEvent, WebhookIn, WebhookPatch

URL = "https://receiver.test/hook?key=1"


def test_a_webhook_needs_a_url_only() -> None:
    assert WebhookIn.model_validate({"url": URL}).model_dump() == {
        "url": URL,
        "description": "",
        "events": ["batch.ended"],
    }


def test_repeated_events_count_once() -> None:
    assert WebhookIn(url=URL, events=[WebhookEvent.BATCH_ENDED] * 3).events == [WebhookEvent.BATCH_ENDED]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"url": URL, "events": []},
        {"url": "ftp://h.test"},
        {"url": URL, "events": ["batch.began"]},
        {"url": URL, "events": ["batch.ended"] * 17},
        {"url": URL, "description": "x" * 501},
    ],
    ids=str,
)
def test_a_webhook_that_does_not_fit_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WebhookIn.model_validate(fields)


def test_null_and_a_missing_field_change_nothing() -> None:
    assert WebhookPatch.model_validate({"url": None, "enabled": None}) == WebhookPatch()


@pytest.mark.parametrize("model", [WebhookIn, WebhookPatch])
def test_of_many_wrong_events_only_the_first_one_is_described(model: type[WebhookIn | WebhookPatch]) -> None:
    # Describing all of those that fit into a body holds up every other request for half a minute.
    with pytest.raises(ValidationError) as raised:
        model.model_validate({"url": URL, "events": ["x"] * 1000})
    assert raised.value.error_count() == 1
