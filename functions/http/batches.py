"""Batch requests: requestors request and read them, robots call back."""

from http import HTTPStatus

from exchange.contract.batches import (
    BatchEnhancementRequestIn,
    BatchEnhancementRequestList,
    BatchEnhancementRequestRead,
    BatchListQuery,
)
from exchange.contract.json_input import describe_ignored_fields
from exchange.contract.robots import BatchRobotResult
from exchange.use_cases.list_batches import list_batches
from exchange.use_cases.read_batch import read_batch
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.register_batch import register_batch
from functions.http.endpoints import Access, endpoint
from functions.http.requests import ApiRequest

_BATCHES = "references/enhancement/batch"


@endpoint(
    "POST",
    _BATCHES,
    Access.REQUESTORS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    request_model=BatchEnhancementRequestIn,
    status=HTTPStatus.ACCEPTED,
)
async def request_batch(request: ApiRequest) -> BatchEnhancementRequestRead:
    """Request that a robot enhance these references."""
    body = request.parse_body(BatchEnhancementRequestIn)
    registered = await register_batch(body, request.user, request.services)
    return registered.model_copy(update={"warnings": describe_ignored_fields(request.read_body(), body)})


@endpoint("GET", _BATCHES, Access.REQUESTORS, BatchEnhancementRequestList, query_model=BatchListQuery)
async def list_batch_requests(request: ApiRequest) -> BatchEnhancementRequestList:
    """List your batch requests, newest first. Operators get those of all requestors."""
    return await list_batches(request.parse_query(BatchListQuery), request.user, request.services)


@endpoint(
    "GET",
    _BATCHES + "/{batch_request_id}",
    Access.REQUESTORS_AND_ROBOTS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
)
async def read_batch_request(request: ApiRequest) -> BatchEnhancementRequestRead:
    """Read the status of a batch request, with freshly signed URLs."""
    batch_id = request.parse_path_id("batch_request_id")
    return await read_batch(batch_id, request.known_caller, request.services)


@endpoint(
    "POST",
    "robot/enhancement/batch",
    Access.ROBOTS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    request_model=BatchRobotResult,
)
async def report_batch_result(request: ApiRequest) -> BatchEnhancementRequestRead:
    """Call back: the result file of a batch is uploaded, or the whole batch failed."""
    result = request.parse_body(BatchRobotResult)
    return await receive_callback(result.request_id, result, request.robot, request.services)
