"""A robot's callback."""

from exchange.contract.batches import BatchEnhancementRequestRead
from exchange.contract.robots import BatchRobotResult
from exchange.domain import events
from exchange.domain.batch import Batch, Phase
from exchange.domain.callers import CallingRobot, check_may_see
from exchange.domain.errors import Conflict, InputRejected
from exchange.domain.report import to_one_line
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import batch_operation
from exchange.use_cases.advance import observe_and_advance
from exchange.use_cases.read_batch import describe_batch


@batch_operation("callback")
async def receive_callback(
    stored: StoredBatch, result: BatchRobotResult, robot: CallingRobot, services: Services
) -> BatchEnhancementRequestRead:
    """Record that the robot's result is uploaded, or that the batch failed. Idempotent.

    Raises NotFound, Forbidden, Conflict if the batch has already ended in another way or is in parts, ResultMissing if
    there is no result file, and InputRejected for a `storage_url` of another blob.
    """
    check_may_see(robot, stored.batch)
    if stored.batch.division is not None:
        raise Conflict(
            "This batch request is worked on in parts. Report the result of a part, under the id of its job."
        )

    async def observe(batch: Batch) -> events.Event:
        if result.error is not None:
            return events.CallbackFailed(to_one_line(result.error.message))
        # In these phases the upload no longer matters.
        if batch.phase in {Phase.IMPORTING, Phase.ENDED}:
            return events.CallbackSucceeded(None)
        return events.CallbackSucceeded(await services.results.find_upload(batch.id))

    if result.storage_url is not None and not await _is_result_of(stored.batch, result.storage_url, services):
        raise InputRejected("storage_url must be the result_storage_url of this batch request, or be left out.")
    advanced = await observe_and_advance(stored, observe, services)
    return await describe_batch(advanced.batch, robot, services)


async def _is_result_of(batch: Batch, url: str, services: Services) -> bool:
    """Compare the URL with the result blob's, without the signature. The URL is never fetched."""
    expected = await services.urls.sign_upload_url(batch.id)
    return url.partition("?")[0] == expected.partition("?")[0]
