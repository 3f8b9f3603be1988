"""Reading a batch request."""

from collections.abc import Iterable
from uuid import UUID

from exchange.contract.base import to_time
from exchange.contract.batches import BatchEnhancementRequestRead
from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.callers import Caller, CallingRobot, check_may_see
from exchange.domain.counts import count_entries, count_references
from exchange.ports import Services
from exchange.telemetry.logs import bind_log_fields
from exchange.use_cases.manifest_file import read_manifest


async def read_batch(batch_id: UUID, caller: Caller, services: Services) -> BatchEnhancementRequestRead:
    """Return the batch request with freshly signed URLs. Raises NotFound, Forbidden."""
    stored = await services.batches.load(batch_id)
    check_may_see(caller, stored.batch)
    with bind_log_fields(batch_id=batch_id, robot_id=stored.batch.robot_id):
        return await describe_batch(stored.batch, caller, services)


async def describe_batch(batch: Batch, caller: Caller, services: Services) -> BatchEnhancementRequestRead:
    """Return this state of the batch as its wire model, with freshly signed URLs."""
    return await to_wire(batch, await read_manifest(batch, services.files), caller, services)


async def to_wire(
    batch: Batch, reference_ids: Iterable[UUID], caller: Caller, services: Services
) -> BatchEnhancementRequestRead:
    """Return the wire model of a batch. A URL is included if its blob exists and the caller may use it.

    The snapshot may contain references that are hidden from requestors, so only the robot and operators get its URL.
    Only the robot may upload, until the batch has ended.
    """
    data_url = upload_url = text_url = lines_url = enhancements_url = None
    if batch.snapshot is not None and (isinstance(caller, CallingRobot) or caller.is_operator):
        data_url = await services.urls.sign_read_url(blob_names.reference_data(batch.id, batch.snapshot))
    if batch.snapshot is not None and isinstance(caller, CallingRobot) and not batch.ended:
        upload_url = await services.urls.sign_upload_url(batch.id)
    if batch.report is not None and await services.files.exists(blob_names.report_text(batch.id, batch.report)):
        text_url = await services.urls.sign_read_url(blob_names.report_text(batch.id, batch.report))
        lines_url = await services.urls.sign_read_url(blob_names.report_lines(batch.id, batch.report))
        if batch.progress.added:
            enhancements_url = await services.urls.sign_read_url(blob_names.enhancements(batch.id, batch.report))
    return BatchEnhancementRequestRead(
        id=batch.id,
        robot_id=batch.robot_id,
        reference_ids=list(reference_ids),
        source=batch.source,
        request_status=batch.status,
        reference_data_url=data_url,
        result_storage_url=upload_url,
        validation_result_file=text_url,
        validation_result_url=lines_url,
        enhancements_url=enhancements_url,
        error=batch.error,
        error_code=batch.error_code,
        counts=count_references(batch),
        entries=count_entries(batch),
        test_run=batch.test_run,
        cancelled_at=None if batch.cancel_requested_at is None else to_time(batch.cancel_requested_at),
        retry_of=batch.retry_of,
        retried_as=batch.retried_as,
        metadata=batch.metadata,
        waiting_for=batch.waiting_for,
    )
