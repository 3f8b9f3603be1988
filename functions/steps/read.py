"""A requestor or a robot asks how a batch stands."""

from collections.abc import Sequence
from uuid import UUID

from functions.contract.batches import BatchEnhancementRequestRead
from functions.domain import blob_names
from functions.domain.batch import Batch
from functions.domain.callers import Caller, CallingRobot, check_may_see
from functions.ports import Services
from functions.steps.manifest_file import read_manifest
from functions.telemetry.logs import about


async def read_batch(batch_id: UUID, caller: Caller, services: Services) -> BatchEnhancementRequestRead:
    """Return the batch with freshly signed URLs; raises NotFound, Forbidden."""
    stored = await services.batches.load(batch_id)
    check_may_see(caller, stored.batch)
    with about(batch_id=batch_id, robot_id=stored.batch.robot_id):
        return await read_as_it_stands(stored.batch, caller, services)


async def read_as_it_stands(batch: Batch, caller: Caller, services: Services) -> BatchEnhancementRequestRead:
    """Return this state of the batch with freshly signed URLs."""
    return await as_read(batch, await read_manifest(batch.id, services.files), caller, services)


async def as_read(
    batch: Batch, reference_ids: Sequence[UUID], caller: Caller, services: Services
) -> BatchEnhancementRequestRead:
    """Put together what the wire shows of a batch: a URL only where something is behind it, for whom it is for.

    What the robot is given may be hidden from requestors, and what stands in the result blob counts as the robot's.
    """
    data_url = upload_url = text_url = lines_url = None
    if batch.snapshot is not None and (isinstance(caller, CallingRobot) or caller.operates):
        data_url = await services.urls.to_read(blob_names.reference_data(batch.id, batch.snapshot))
    if batch.snapshot is not None and isinstance(caller, CallingRobot):
        upload_url = await services.urls.to_upload(batch.id)
    if batch.report is not None and await services.files.exists(blob_names.report_text(batch.id, batch.report)):
        text_url = await services.urls.to_read(blob_names.report_text(batch.id, batch.report))
        lines_url = await services.urls.to_read(blob_names.report_lines(batch.id, batch.report))
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
        error=batch.error,
    )
