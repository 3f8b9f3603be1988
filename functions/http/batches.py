"""Batch requests: requestors request and read them, robots call back."""

from http import HTTPStatus
from typing import Any

from exchange.contract.batches import (
    BatchCancellationIn,
    BatchEnhancementRequestDryRun,
    BatchEnhancementRequestIn,
    BatchEnhancementRequestList,
    BatchEnhancementRequestQuery,
    BatchEnhancementRequestRead,
    BatchListQuery,
    BatchReadQuery,
    BatchRetryIn,
)
from exchange.contract.json_input import describe_ignored_fields
from exchange.contract.parts import BatchPartList, BatchPartsQuery
from exchange.contract.reports import BatchEntries, BatchEntriesQuery, BatchErrors
from exchange.contract.robots import BatchRobotResult
from exchange.contract.uploads import ReferenceIdsUpload
from exchange.domain.callers import User
from exchange.domain.polling import FIRST_POLL_S
from exchange.use_cases.cancel_batch import cancel_batch
from exchange.use_cases.dry_run import dry_run
from exchange.use_cases.list_batches import list_batches
from exchange.use_cases.list_parts import list_parts
from exchange.use_cases.read_batch import read_batch
from exchange.use_cases.read_report import read_entries, read_errors
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.register_once import Registered, register_once
from exchange.use_cases.retry_batch import retry_batch
from exchange.use_cases.upload_ids import start_upload
from functions.http.endpoints import Access, Answer, Content, endpoint
from functions.http.headers import (
    ETAG,
    IDEMPOTENCY_KEY,
    IDEMPOTENCY_REPLAYED,
    IF_NONE_MATCH,
    RETRY_AFTER,
    format_etag,
    parse_idempotency_key,
    parse_if_none_match,
)
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
    query_model=BatchEnhancementRequestQuery,
    status=HTTPStatus.ACCEPTED,
    other_successes={HTTPStatus.OK: BatchEnhancementRequestDryRun},
    request_headers=(IDEMPOTENCY_KEY,),
    response_headers={HTTPStatus.ACCEPTED: (RETRY_AFTER, IDEMPOTENCY_REPLAYED)},
)
async def request_batch(request: ApiRequest) -> Answer:
    """Request that a robot enhance these references."""
    query = request.parse_query(BatchEnhancementRequestQuery)
    key = parse_idempotency_key(request.http_request)
    body = request.parse_body(BatchEnhancementRequestIn)
    if query.dry_run:
        return Answer(await dry_run(body, request.user, request.services), status=HTTPStatus.OK)
    if key is None:
        registered = Registered(await register_batch(body, request.user, request.services))
    else:
        registered = await register_once(body, key, request.user, request.services)
    update: dict[str, Any] = {"warnings": describe_ignored_fields(request.read_body(), body)}
    if not query.include_reference_ids:
        update["reference_ids"] = None
    replayed = {IDEMPOTENCY_REPLAYED.name: "true"} if registered.replayed else {}
    headers = {**_wait(registered.retry_after_s), **replayed}
    return Answer(registered.batch.model_copy(update=update), headers)


def _wait(seconds: int | None) -> dict[str, str]:
    return {} if seconds is None else {RETRY_AFTER.name: str(seconds)}


@endpoint("POST", _BATCHES + "/uploads", Access.REQUESTORS, ReferenceIdsUpload, status=HTTPStatus.CREATED)
async def upload_reference_ids(request: ApiRequest) -> ReferenceIdsUpload:
    """Get a signed URL to upload a list of references that is too long for the body of a batch request.

    Upload the list with one PUT. Then request the batch with `reference_ids_upload` instead of `reference_ids`.
    """
    return await start_upload(request.user, request.services)


@endpoint("GET", _BATCHES, Access.REQUESTORS, BatchEnhancementRequestList, query_model=BatchListQuery)
async def list_batch_requests(request: ApiRequest) -> BatchEnhancementRequestList:
    """List your batch requests, newest first. Operators get those of all requestors.

    A batch request is listed if it matches every filter. A parameter `metadata.<key>`, for example
    `metadata.review=R-2026-17`, lists those whose metadata has this key with this value. A `continuation` belongs to
    the filters with which it was returned: with others it gets 422.
    """
    return await list_batches(request.parse_query(BatchListQuery), request.user, request.services)


@endpoint(
    "GET",
    _BATCHES + "/{batch_request_id}",
    Access.REQUESTORS_AND_ROBOTS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    query_model=BatchReadQuery,
    other_successes={HTTPStatus.NOT_MODIFIED: None},
    request_headers=(IF_NONE_MATCH,),
    response_headers={HTTPStatus.OK: (ETAG, RETRY_AFTER), HTTPStatus.NOT_MODIFIED: (ETAG, RETRY_AFTER)},
)
async def read_batch_request(request: ApiRequest) -> Answer | Content:
    """Read the status of a batch request, with freshly signed URLs."""
    version = await read_batch(
        request.parse_path_id("batch_request_id"),
        request.known_caller,
        request.services,
        include_reference_ids=request.parse_query(BatchReadQuery).include_reference_ids,
        known_tags=parse_if_none_match(request.http_request),
    )
    wait = _wait(version.retry_after_s) if isinstance(request.caller, User) else {}
    headers = {ETAG.name: format_etag(version.tag), **wait}
    if version.batch is None:
        return Content(b"", "", HTTPStatus.NOT_MODIFIED, headers)
    return Answer(version.batch, headers)


@endpoint(
    "POST",
    _BATCHES + "/{batch_request_id}/cancel",
    Access.REQUESTORS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    request_model=BatchCancellationIn,
    optional_body=True,
    response_headers={HTTPStatus.OK: (RETRY_AFTER,)},
)
async def cancel_batch_request(request: ApiRequest) -> Answer:
    """Cancel a batch request. Enhancements that are already added stay."""
    batch_id = request.parse_path_id("batch_request_id")
    cancellation = request.parse_optional_body(BatchCancellationIn)
    cancelled = await cancel_batch(batch_id, cancellation, request.user, request.services)
    return Answer(cancelled, _wait(FIRST_POLL_S if cancelled.ended_at is None else None))


@endpoint(
    "POST",
    _BATCHES + "/{batch_request_id}/retry",
    Access.REQUESTORS,
    BatchEnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    request_model=BatchRetryIn,
    optional_body=True,
    status=HTTPStatus.ACCEPTED,
    other_successes={HTTPStatus.OK: BatchEnhancementRequestRead},
    response_headers={HTTPStatus.OK: (RETRY_AFTER,), HTTPStatus.ACCEPTED: (RETRY_AFTER,)},
)
async def retry_batch_request(request: ApiRequest) -> Answer:
    """Request the references again that were not enhanced. A second call returns the same batch request with 200."""
    retry = request.parse_optional_body(BatchRetryIn)
    batch_id = request.parse_path_id("batch_request_id")
    registered = await retry_batch(batch_id, retry, request.user, request.services)
    status = HTTPStatus.OK if registered.replayed else HTTPStatus.ACCEPTED
    return Answer(registered.batch, _wait(registered.retry_after_s), status)


@endpoint(
    "GET",
    _BATCHES + "/{batch_request_id}/entries",
    Access.REQUESTORS,
    BatchEntries,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    query_model=BatchEntriesQuery,
)
async def list_batch_entries(request: ApiRequest) -> BatchEntries:
    """List what became of the entries of the result, and which references are missing."""
    batch_id = request.parse_path_id("batch_request_id")
    return await read_entries(batch_id, request.parse_query(BatchEntriesQuery), request.user, request.services)


@endpoint(
    "GET",
    _BATCHES + "/{batch_request_id}/parts",
    Access.REQUESTORS,
    BatchPartList,
    HTTPStatus.NOT_FOUND,
    query_model=BatchPartsQuery,
)
async def list_batch_parts(request: ApiRequest) -> BatchPartList:
    """List the parts of a batch request that is worked on in parts."""
    batch_id = request.parse_path_id("batch_request_id")
    return await list_parts(batch_id, request.parse_query(BatchPartsQuery), request.user, request.services)


@endpoint(
    "GET",
    _BATCHES + "/{batch_request_id}/errors",
    Access.REQUESTORS,
    BatchErrors,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
)
async def list_batch_errors(request: ApiRequest) -> BatchErrors:
    """List the messages of the report, most frequent first, and how many entries have each."""
    return await read_errors(request.parse_path_id("batch_request_id"), request.user, request.services)


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
