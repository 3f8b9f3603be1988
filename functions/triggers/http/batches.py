"""Batch requests: requestors ask and look, robots call back."""

from http import HTTPStatus

from functions.contract.batches import (
    BatchEnhancementRequestIn,
    BatchEnhancementRequestList,
    BatchEnhancementRequestRead,
    BatchListQuery,
)
from functions.contract.robots import BatchRobotResult
from functions.steps.list_batches import list_batches
from functions.steps.read import read_batch
from functions.steps.register import register_batch
from functions.steps.report import report_result
from functions.triggers.current import services
from functions.triggers.http.call import Call
from functions.triggers.http.endpoints import Door, endpoint

_BATCHES = "references/enhancement/batch"


@endpoint(
    "POST",
    _BATCHES,
    Door.REQUESTORS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
    takes=BatchEnhancementRequestIn,
    status=HTTPStatus.ACCEPTED,
)
async def request_batch(call: Call) -> BatchEnhancementRequestRead:
    """Request that a robot enhance these references."""
    return await register_batch(call.read(BatchEnhancementRequestIn), call.member, services())


@endpoint("GET", _BATCHES, Door.REQUESTORS, BatchEnhancementRequestList, asks=BatchListQuery)
async def list_batch_requests(call: Call) -> BatchEnhancementRequestList:
    """List your batch requests, the newest first; an operator gets everyone's."""
    return await list_batches(call.query(BatchListQuery), call.member, services())


@endpoint(
    "GET",
    _BATCHES + "/{batch_request_id}",
    Door.REQUESTORS_AND_ROBOTS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
)
async def read_batch_request(call: Call) -> BatchEnhancementRequestRead:
    """Read how a batch request stands, with freshly signed URLs."""
    return await read_batch(call.path_id("batch_request_id"), call.known, services())


@endpoint(
    "POST",
    "robot/enhancement/batch",
    Door.ROBOTS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    takes=BatchRobotResult,
)
async def report_batch_result(call: Call) -> BatchEnhancementRequestRead:
    """Report that the result file of a batch is uploaded, or that the whole batch failed."""
    return await report_result(call.read(BatchRobotResult), call.robot, services())
