"""The reference repository's present protocol: enhancement requests of requestors, and jobs that robots fetch."""

from http import HTTPStatus

from exchange.contract.base import to_time
from exchange.contract.batches import BatchEnhancementRequestRead
from exchange.contract.robots import Delivery
from exchange.contract.v1.jobs import (
    MAX_FETCHED_REFERENCES,
    FetchQuery,
    LeaseExpiry,
    RenewalQuery,
    RobotEnhancementBatch,
    RobotEnhancementBatchRead,
    RobotEnhancementBatchResult,
)
from exchange.contract.v1.requests import EnhancementRequestIn, EnhancementRequestRead
from exchange.domain.errors import Conflict, Forbidden, InputRejected, PathMismatch
from exchange.domain.polling import FIRST_POLL_S
from exchange.use_cases.fetch_part import fetch_part
from exchange.use_cases.read_batch import read_batch, to_wire
from exchange.use_cases.receive_callback import receive_callback
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.renew_lease import renew_lease
from functions.http.endpoints import Access, Answer, Content, endpoint
from functions.http.headers import FETCH_AGAIN_AFTER, RETRY_AFTER, ROBOT_DELIVERY
from functions.http.requests import ApiRequest

_REQUESTS = "v1/enhancement-requests"
_JOBS = "v1/robot-enhancement-batches"
# The path in `destiny-sdk` 0.4.0.
_OLD_JOBS = "v1/robot-enhancement-batch"
_ID = "/{batch_request_id}"
_LEASE = _JOBS + _ID + "/renew-lease"
_LEASE_ERRORS = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)

# A robot that polls this often costs little, and waits less than most batches take. The SDK does not read the header:
# the interval is the robot's own.
FETCH_AGAIN_AFTER_S = 10


@endpoint(
    "POST",
    _REQUESTS,
    Access.REQUESTORS,
    EnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    request_model=EnhancementRequestIn,
    status=HTTPStatus.ACCEPTED,
    response_headers={HTTPStatus.ACCEPTED: (RETRY_AFTER,)},
)
async def request_enhancements(request: ApiRequest) -> Answer:
    """Request that a robot enhance these references. This is a batch request with a shorter answer."""
    body = request.parse_body(EnhancementRequestIn).to_batch_request()
    registered = await register_batch(body, request.user, request.services)
    return Answer(EnhancementRequestRead.of(registered), {RETRY_AFTER.name: str(FIRST_POLL_S)})


@endpoint(
    "GET",
    _REQUESTS + _ID,
    Access.REQUESTORS,
    EnhancementRequestRead,
    HTTPStatus.NOT_FOUND,
    response_headers={HTTPStatus.OK: (RETRY_AFTER,)},
)
async def read_enhancement_request(request: ApiRequest) -> Answer:
    """Read the status of an enhancement request, with freshly signed URLs."""
    version = await read_batch(request.parse_path_id("batch_request_id"), request.user, request.services)
    assert version.batch is not None  # noqa: S101 - no tag is given, so the batch is always read
    wait = {} if version.retry_after_s is None else {RETRY_AFTER.name: str(version.retry_after_s)}
    return Answer(EnhancementRequestRead.of(version.batch), wait)


@endpoint(
    "POST",
    _JOBS,
    Access.ROBOTS,
    RobotEnhancementBatch,
    HTTPStatus.NOT_FOUND,
    aliases=(_OLD_JOBS,),
    query_model=FetchQuery,
    other_successes={HTTPStatus.NO_CONTENT: None},
    response_headers={HTTPStatus.NO_CONTENT: (FETCH_AGAIN_AFTER, ROBOT_DELIVERY)},
)
async def fetch_robot_enhancement_batch(request: ApiRequest) -> RobotEnhancementBatch | Content:
    """Fetch a job, with a lease. Until the lease expires, no other fetch gets the same references.

    After the lease has expired, the references may be given to another fetch. Renew it in time. `destiny-sdk` 0.4.0
    uses the path `/v1/robot-enhancement-batch/`, which is served, too.
    """
    query = request.parse_query(FetchQuery)
    if query.robot_id != request.robot.id:
        raise Forbidden("robot_id must be the id of the robot that signed the request.")
    limit = min(query.limit, MAX_FETCHED_REFERENCES)
    part = await fetch_part(request.robot, limit, query.lease.total_seconds(), request.services)
    if part is None:
        headers = {FETCH_AGAIN_AFTER.name: str(FETCH_AGAIN_AFTER_S)}
        if request.robot.is_called:
            headers[ROBOT_DELIVERY.name] = Delivery.PUSH
        return Content(b"", "", HTTPStatus.NO_CONTENT, headers)
    return _to_job(await to_wire(part, None, request.robot, request.services))


def _to_job(batch: BatchEnhancementRequestRead) -> RobotEnhancementBatch:
    job = RobotEnhancementBatch.of(batch)
    if job is None:
        raise Conflict("No result can be uploaded for this job: it has ended, or no robot has fetched it.")
    return job


@endpoint(
    "GET",
    _JOBS + _ID,
    Access.ROBOTS,
    RobotEnhancementBatch,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    aliases=(_OLD_JOBS + _ID,),
)
async def read_robot_enhancement_batch(request: ApiRequest) -> RobotEnhancementBatch:
    """Read a job that was fetched, with freshly signed URLs. The references stay as they were."""
    batch_id = request.parse_path_id("batch_request_id")
    version = await read_batch(batch_id, request.robot, request.services, include_reference_ids=False)
    assert version.batch is not None  # noqa: S101 - no tag is given, so the batch is always read
    return _to_job(version.batch)


@endpoint("PATCH", _LEASE, Access.ROBOTS, LeaseExpiry, *_LEASE_ERRORS, query_model=RenewalQuery)
async def renew_robot_enhancement_batch_lease(request: ApiRequest) -> LeaseExpiry:
    """Renew the lease of a job, counted from now. The answer says when it expires. `PT0S` gives the job back."""
    return await _renew(request)


@endpoint("POST", _LEASE, Access.ROBOTS, LeaseExpiry, *_LEASE_ERRORS, query_model=RenewalQuery)
async def renew_robot_enhancement_batch_lease_by_post(request: ApiRequest) -> LeaseExpiry:
    """Renew the lease of a job, as PATCH does. `destiny-sdk` 0.7.1 to 0.14.1 send POST."""
    return await _renew(request)


async def _renew(request: ApiRequest) -> LeaseExpiry:
    batch_id = request.parse_path_id("batch_request_id")
    lease_s = request.parse_query(RenewalQuery).lease.total_seconds()
    return LeaseExpiry(to_time(await renew_lease(batch_id, lease_s, request.robot, request.services)))


@endpoint(
    "POST",
    _JOBS + _ID + "/results",
    Access.ROBOTS,
    RobotEnhancementBatchRead,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    aliases=(_OLD_JOBS + _ID + "/results",),
    request_model=RobotEnhancementBatchResult,
    status=HTTPStatus.ACCEPTED,
    other_successes={HTTPStatus.OK: RobotEnhancementBatchRead},
)
async def report_robot_enhancement_batch_result(request: ApiRequest) -> Answer:
    """Report that the result file of a job is uploaded, or that the whole job failed. A failure is answered with 200.

    A result that comes after the lease has expired counts, unless another fetch got the references meanwhile.
    """
    batch_id = request.parse_path_id("batch_request_id")
    result = request.parse_body(RobotEnhancementBatchResult)
    if result.request_id != batch_id:
        raise PathMismatch("request_id must be the id in the path.")
    try:
        batch = await receive_callback(batch_id, result.to_callback(), request.robot, request.services)
    except Conflict as error:
        # Published robots know 422 for a result that is too late.
        raise InputRejected(*error.faults) from error
    status = HTTPStatus.ACCEPTED if result.error is None else HTTPStatus.OK
    return Answer(RobotEnhancementBatchRead.of(batch), status=status)
