"""The events that webhooks receive."""

from uuid import UUID

from exchange.contract.base import to_time
from exchange.contract.webhooks import BatchEnded, BatchEndedEvent, TestedWebhook, WebhookTestEvent
from exchange.domain.batch import Batch
from exchange.domain.counts import count_references
from exchange.domain.webhook_deliveries import Occurrence


def describe_end(batch: Batch) -> Occurrence:
    """Return the event that the batch has ended."""
    ended_at = batch.created_at if batch.ended_at is None else batch.ended_at
    event = BatchEndedEvent(timestamp=to_time(ended_at), data=_describe_batch(batch))
    return Occurrence(event=event.type, batch_id=batch.id, body=event.model_dump_json())


def describe_test(webhook_id: UUID, now: float) -> Occurrence:
    """Return the event of a test."""
    data = TestedWebhook(webhook_id=webhook_id)
    event = WebhookTestEvent(timestamp=to_time(now), data=data)
    return Occurrence(event=event.type, batch_id=None, body=event.model_dump_json())


def _describe_batch(batch: Batch) -> BatchEnded:
    """Return what a webhook learns about the batch. It holds no URL and no reference data."""
    return BatchEnded(
        id=batch.id,
        request_status=batch.status,
        error=batch.error,
        error_code=batch.error_code,
        counts=count_references(batch),
        metadata=batch.metadata,
        source=batch.source,
        robot_id=batch.robot_id,
    )
