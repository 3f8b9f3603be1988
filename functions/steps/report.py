"""A robot calls back."""

from functions.contract.batches import BatchEnhancementRequestRead
from functions.contract.robots import BatchRobotResult
from functions.domain import events
from functions.domain.batch import Batch, Phase
from functions.domain.callers import CallingRobot, check_may_see
from functions.domain.errors import InputRejected
from functions.domain.report import one_line
from functions.ports import Services
from functions.steps.advance import advance
from functions.steps.read import read_as_it_stands
from functions.telemetry.spans import handling


async def report_result(
    result: BatchRobotResult, caller: CallingRobot, services: Services
) -> BatchEnhancementRequestRead:
    """Take the robot's word that its result is ready, or that the batch failed. The same again is fine.

    Raises NotFound, Forbidden, AlreadyDone if it contradicts what is settled, ResultMissing if no result file stands,
    InputRejected for a `storage_url` that is not this batch's.
    """
    batch = (await services.batches.load(result.request_id)).batch
    check_may_see(caller, batch)
    with handling("callback", batch):
        told = await _told(batch, result, services)
        return await read_as_it_stands(told, caller, services)


async def _told(batch: Batch, result: BatchRobotResult, services: Services) -> Batch:
    async def observe(batch: Batch) -> events.Event:
        if result.error is not None:
            return events.ReportedError(one_line(result.error.message))
        settled = batch.phase in {Phase.PINNED, Phase.ENDED}
        return events.ReportedSuccess(None if settled else await services.results.standing(batch.id))

    if result.storage_url is not None and not await _is_result_of(batch, result.storage_url, services):
        raise InputRejected("storage_url: if given, it must be this batch's result_storage_url.")
    return (await advance(batch.id, observe, services)).batch


async def _is_result_of(batch: Batch, url: str, services: Services) -> bool:
    """Compare it with what the robot was given, but for the signature; it is never fetched."""
    given = await services.urls.to_upload(batch.id)
    return url.partition("?")[0] == given.partition("?")[0]
