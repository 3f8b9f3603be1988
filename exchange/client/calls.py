"""The calls of the API. Their parameters are those of the models in `exchange.contract`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from exchange.client.call import Answer, Call, Page, get, make_query, send
from exchange.client.uploading import UPLOADED_ABOVE, ListedCall
from exchange.contract.activity import RobotActivity
from exchange.contract.batches import (
    BatchCancellationIn,
    BatchEnhancementRequestDryRun,
    BatchEnhancementRequestIn,
    BatchEnhancementRequestList,
    BatchEnhancementRequestRead,
    BatchEnhancementRequestSummary,
    BatchRetryIn,
    BatchStatus,
)
from exchange.contract.health import Health
from exchange.contract.identifiers import IdentifierType
from exchange.contract.lookup import LookedUpReferences, ReferenceLookup
from exchange.contract.operations import (
    DeadLetterList,
    DeadLetterQueue,
    DeadLetterResendIn,
    DeadLetterResendResult,
    FailedWebhookDeliveryList,
    OperationStats,
    OverdueBatchRequestList,
)
from exchange.contract.parts import BatchPart, BatchPartList
from exchange.contract.references import LoadedLine, OnExisting, ReferenceRead
from exchange.contract.reports import BatchEntries, BatchEntry, BatchErrors, EntryKind
from exchange.contract.robots import ProvisionedRobot, Robot, RobotIn, RobotList, RobotSettings
from exchange.contract.uploads import ReferenceIdsUpload
from exchange.contract.webhooks import (
    ProvisionedWebhook,
    WebhookDeliveryList,
    WebhookDeliveryRead,
    WebhookIn,
    WebhookList,
    WebhookPatch,
    WebhookRead,
)

_BATCHES = "/references/enhancement/batch/"
_JSONL = {"Content-Type": "application/jsonl"}


def _read_nothing(_answer: Answer) -> None:
    return None


# Batch requests


def request_batch(  # noqa: PLR0913 - the fields of a batch request
    *,
    robot_id: UUID,
    reference_ids: Iterable[UUID] | None = None,
    reference_ids_upload: UUID | None = None,
    source: str | None = None,
    metadata: Mapping[str, str] | None = None,
    test_run: bool = False,
    skip_enhanced: bool = False,
    idempotency_key: str | None = None,
) -> Call[BatchEnhancementRequestRead] | ListedCall[BatchEnhancementRequestRead]:
    """Request a batch. Without a key it gets a random one, so that the call can be repeated.

    More than 50,000 references are uploaded as a list first. `reference_ids_upload` names one that is uploaded already.
    A second call with such a list and the same key is refused, because it has uploaded another list.
    """
    headers = {"Idempotency-Key": idempotency_key or str(uuid4())}

    def make(upload: UUID | None, ids: Sequence[UUID] | None = None) -> Call[BatchEnhancementRequestRead]:
        body = _make_request(
            robot_id=robot_id,
            reference_ids=ids,
            reference_ids_upload=upload,
            source=source,
            metadata=None if metadata is None else dict(metadata),
            test_run=test_run,
            skip_enhanced=skip_enhanced,
        )
        query = {"include_reference_ids": False}
        return send("POST", _BATCHES, BatchEnhancementRequestRead, body, repeatable=True, query=query, headers=headers)

    ids = None if reference_ids is None else list(reference_ids)
    return ListedCall(ids, make) if ids is not None and len(ids) > UPLOADED_ABOVE else make(reference_ids_upload, ids)


def start_upload() -> Call[ReferenceIdsUpload]:
    """Get a signed URL to upload a list of references."""
    return send("POST", f"{_BATCHES}uploads/", ReferenceIdsUpload, repeatable=True)


def check_batch(
    *, robot_id: UUID, reference_ids: Iterable[UUID], skip_enhanced: bool = False
) -> Call[BatchEnhancementRequestDryRun]:
    """Check a batch request without creating it: which of its references exist, and how many would be skipped."""
    body = _make_request(robot_id=robot_id, reference_ids=list(reference_ids), skip_enhanced=skip_enhanced)
    return send("POST", _BATCHES, BatchEnhancementRequestDryRun, body, repeatable=True, query={"dry_run": True})


def _make_request(**fields: object) -> BatchEnhancementRequestIn:
    given = {name: value for name, value in fields.items() if value not in (None, False)}
    return BatchEnhancementRequestIn.model_validate(given)


def read_batch(batch_id: UUID, *, include_reference_ids: bool = False) -> Call[BatchEnhancementRequestRead]:
    """Read a batch request."""
    return get(f"{_BATCHES}{batch_id}", BatchEnhancementRequestRead, {"include_reference_ids": include_reference_ids})


def list_batches(  # noqa: PLR0913 - the filters
    *,
    status: Iterable[BatchStatus] | None = None,
    robot_id: UUID | None = None,
    source: str | None = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    metadata: Mapping[str, str] | None = None,
    continuation: str | None = None,
) -> Call[Page[BatchEnhancementRequestSummary]]:
    """List batch requests, newest first."""
    filters = {
        "status": None if status is None else list(status),
        "robot_id": robot_id,
        "source": source,
        "created_after": None if created_after is None else created_after.isoformat(),
        "created_before": None if created_before is None else created_before.isoformat(),
        **{f"metadata.{name}": value for name, value in (metadata or {}).items()},
    }

    def list_after(continuation: str | None) -> Call[Page[BatchEnhancementRequestSummary]]:
        def read(answer: Answer) -> Page[BatchEnhancementRequestSummary]:
            page = BatchEnhancementRequestList.model_validate_json(answer.content)
            following = None if page.continuation is None else list_after(page.continuation)
            return Page(page.batch_requests, following)

        query = make_query({**filters, "limit": 100, "continuation": continuation})
        return Call(method="GET", path=_BATCHES, read=read, query=query)

    return list_after(continuation)


def cancel_batch(batch_id: UUID, reason: str | None = None) -> Call[BatchEnhancementRequestRead]:
    """Cancel a batch request. A second call returns the same."""
    body = BatchCancellationIn() if reason is None else BatchCancellationIn(reason=reason)
    return send("POST", f"{_BATCHES}{batch_id}/cancel", BatchEnhancementRequestRead, body, repeatable=True)


def retry_batch(batch_id: UUID, robot_id: UUID | None = None) -> Call[BatchEnhancementRequestRead]:
    """Request the references again that were not enhanced. A second call returns the same batch request."""
    body = BatchRetryIn() if robot_id is None else BatchRetryIn(robot_id=robot_id)
    return send("POST", f"{_BATCHES}{batch_id}/retry", BatchEnhancementRequestRead, body, repeatable=True)


def list_entries(
    batch_id: UUID, *, kind: EntryKind | None = None, reference_id: UUID | None = None
) -> Call[Page[BatchEntry]]:
    """List the entries of the report and the missing references."""

    def list_after(continuation: str | None) -> Call[Page[BatchEntry]]:
        def read(answer: Answer) -> Page[BatchEntry]:
            page = BatchEntries.model_validate_json(answer.content)
            following = None if page.continuation is None else list_after(page.continuation)
            return Page(page.entries, following)

        query = make_query({"kind": kind, "reference_id": reference_id, "limit": 1000, "continuation": continuation})
        return Call(method="GET", path=f"{_BATCHES}{batch_id}/entries", read=read, query=query)

    return list_after(None)


def list_errors(batch_id: UUID) -> Call[BatchErrors]:
    """List the messages of the report, the most frequent ones first."""
    return get(f"{_BATCHES}{batch_id}/errors", BatchErrors)


def list_parts(batch_id: UUID) -> Call[Page[BatchPart]]:
    """List the parts of a batch request, in the order of their numbers. Only one that is worked on in parts has any."""

    def list_after(continuation: int | None) -> Call[Page[BatchPart]]:
        def read(answer: Answer) -> Page[BatchPart]:
            page = BatchPartList.model_validate_json(answer.content)
            return Page(page.parts, None if page.continuation is None else list_after(page.continuation))

        query = make_query({"limit": 1000, "continuation": continuation})
        return Call(method="GET", path=f"{_BATCHES}{batch_id}/parts", read=read, query=query)

    return list_after(None)


# References


def load_lines(lines: bytes, on_existing: OnExisting = OnExisting.MERGE) -> Call[list[LoadedLine]]:
    """Load the lines of a references file. What is known already is not added again.

    Unless that is an error: then a repeated call would refuse what the first one has loaded, so it is not repeated.
    """

    def read(answer: Answer) -> list[LoadedLine]:
        return [LoadedLine.model_validate_json(line) for line in answer.content.splitlines()]

    query = make_query({"on_existing": on_existing})
    repeatable = on_existing is not OnExisting.FAIL
    return Call(
        method="POST",
        path="/references/",
        read=read,
        query=query,
        content=lines,
        headers=_JSONL,
        repeatable=repeatable,
    )


def read_reference(reference_id: UUID, *, continuation: str | None = None) -> Call[ReferenceRead]:
    """Read a reference with a page of its enhancements."""
    return get(f"/references/{reference_id}/", ReferenceRead, {"continuation": continuation})


def find_reference(
    identifier: str, identifier_type: IdentifierType, other_identifier_name: str | None = None
) -> Call[ReferenceRead]:
    """Find the reference with this identifier. Raises NotFound if there is none."""
    query = {
        "identifier": identifier,
        "identifier_type": identifier_type,
        "other_identifier_name": other_identifier_name,
    }
    return get("/references/", ReferenceRead, query)


def look_up_references(lookup: ReferenceLookup) -> Call[LookedUpReferences]:
    """Find the ids of references by their identifiers, in their order."""
    return send("POST", "/references/lookup", LookedUpReferences, lookup, repeatable=True)


def delete_reference(reference_id: UUID) -> Call[None]:
    """Delete a reference and its enhancements."""
    return Call(method="DELETE", path=f"/references/{reference_id}/", read=_read_nothing)


# Robots


def list_robots() -> Call[RobotList]:
    """List the robots."""
    return get("/robots/", RobotList)


def read_robot(robot_id: UUID) -> Call[Robot]:
    """Read a robot."""
    return get(f"/robots/{robot_id}/", Robot)


def read_robot_activity(robot_id: UUID) -> Call[RobotActivity]:
    """Read what a robot did in the last 30 days."""
    return get(f"/robots/{robot_id}/activity", RobotActivity)


def register_robot(robot: RobotIn) -> Call[ProvisionedRobot]:
    """Register a robot. The answer has its secret, which is never returned again, so the call is not repeated."""
    return send("POST", "/robots/", ProvisionedRobot, robot)


def replace_robot(robot_id: UUID, robot: RobotIn) -> Call[Robot]:
    """Replace the registration of a robot."""
    return send("PUT", f"/robots/{robot_id}/", Robot, robot, repeatable=True)


def change_robot(robot_id: UUID, settings: RobotSettings) -> Call[Robot]:
    """Change settings of a robot."""
    return send("PATCH", f"/robots/{robot_id}/", Robot, settings, repeatable=True)


def rotate_robot_secret(robot_id: UUID, *, revoke: bool = False) -> Call[ProvisionedRobot]:
    """Replace the secret of a robot. `revoke` ends the previous one at once."""
    query = {"revoke": True} if revoke else None
    return send("POST", f"/robots/{robot_id}/secret/", ProvisionedRobot, query=query)


# Webhooks


def list_webhooks() -> Call[WebhookList]:
    """List the webhooks of the caller."""
    return get("/webhooks/", WebhookList)


def add_webhook(webhook: WebhookIn) -> Call[ProvisionedWebhook]:
    """Add a webhook. The answer has its secret."""
    return send("POST", "/webhooks/", ProvisionedWebhook, webhook)


def read_webhook(webhook_id: UUID) -> Call[WebhookRead]:
    """Read a webhook."""
    return get(f"/webhooks/{webhook_id}/", WebhookRead)


def change_webhook(webhook_id: UUID, changes: WebhookPatch) -> Call[WebhookRead]:
    """Change a webhook."""
    return send("PATCH", f"/webhooks/{webhook_id}/", WebhookRead, changes, repeatable=True)


def remove_webhook(webhook_id: UUID) -> Call[None]:
    """Remove a webhook."""
    return Call(method="DELETE", path=f"/webhooks/{webhook_id}/", read=_read_nothing)


def rotate_webhook_secret(webhook_id: UUID) -> Call[ProvisionedWebhook]:
    """Replace the secret of a webhook."""
    return send("POST", f"/webhooks/{webhook_id}/secret/", ProvisionedWebhook)


def test_webhook(webhook_id: UUID) -> Call[WebhookDeliveryRead]:
    """Have the exchange send a test event."""
    return send("POST", f"/webhooks/{webhook_id}/test", WebhookDeliveryRead)


def list_deliveries(webhook_id: UUID) -> Call[WebhookDeliveryList]:
    """List the newest deliveries to a webhook."""
    return get(f"/webhooks/{webhook_id}/deliveries", WebhookDeliveryList)


def redeliver(webhook_id: UUID, delivery_id: UUID) -> Call[WebhookDeliveryRead]:
    """Deliver an event again."""
    return send("POST", f"/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", WebhookDeliveryRead)


# Operation


def read_health() -> Call[Health]:
    """Read whether the exchange is healthy."""
    return get("/health", Health)


def read_stats() -> Call[OperationStats]:
    """Count open batch requests, dead letters and failed deliveries to webhooks. For operators."""
    return get("/operations/stats", OperationStats)


def list_overdue(limit: int = 100) -> Call[OverdueBatchRequestList]:
    """List overdue batch requests, longest overdue first. For operators."""
    return get("/operations/overdue", OverdueBatchRequestList, {"limit": limit})


def list_dead_letters(queue: DeadLetterQueue | None = None, limit: int = 100) -> Call[DeadLetterList]:
    """List dead letters. For operators."""
    return get("/operations/dead-letters", DeadLetterList, {"queue": queue, "limit": limit})


def resend_dead_letters(request: DeadLetterResendIn) -> Call[DeadLetterResendResult]:
    """Resend dead letters, at most 100. For operators. A second call finds the first one's dead letters gone."""
    return send("POST", "/operations/dead-letters/resend", DeadLetterResendResult, request, repeatable=True)


def list_failed_deliveries(limit: int = 100) -> Call[FailedWebhookDeliveryList]:
    """List failed deliveries to all webhooks, latest first. For operators."""
    return get("/operations/webhook-deliveries", FailedWebhookDeliveryList, {"limit": limit})
