"""Operations: what operators look at, and what they repair."""

from exchange.contract.operations import (
    DeadLetterList,
    DeadLetterResendIn,
    DeadLetterResendResult,
    DeadLettersQuery,
    FailedDeliveriesQuery,
    FailedWebhookDeliveryList,
    OperationStats,
    OverdueBatchRequestList,
    OverdueQuery,
)
from exchange.use_cases.list_failed_deliveries import list_failed_deliveries
from exchange.use_cases.list_overdue import list_overdue
from exchange.use_cases.read_dead_letters import read_dead_letters
from exchange.use_cases.read_stats import read_stats
from exchange.use_cases.resend_dead_letters import resend
from functions.http.endpoints import Access, endpoint
from functions.http.requests import ApiRequest

_DEAD_LETTERS = "operations/dead-letters"


@endpoint("GET", "operations/stats", Access.OPERATORS, OperationStats)
async def read_operation_stats(request: ApiRequest) -> OperationStats:
    """Count open batch requests, dead letters and failed deliveries. What cannot be read is null, with the reason."""
    return await read_stats(request.services)


@endpoint("GET", "operations/overdue", Access.OPERATORS, OverdueBatchRequestList, query_model=OverdueQuery)
async def list_overdue_batch_requests(request: ApiRequest) -> OverdueBatchRequestList:
    """List open batch requests whose next step is overdue, longest overdue first. The sweep continues them."""
    return await list_overdue(request.parse_query(OverdueQuery).limit, request.services)


@endpoint("GET", _DEAD_LETTERS, Access.OPERATORS, DeadLetterList, query_model=DeadLettersQuery)
async def list_dead_letters(request: ApiRequest) -> DeadLetterList:
    """List dead letters: messages and events that nothing processes any more.

    Of the queue `blobs`, Azure shows the first 32 only.
    """
    return await read_dead_letters(request.parse_query(DeadLettersQuery), request.services)


@endpoint(
    "POST",
    _DEAD_LETTERS + "/resend",
    Access.OPERATORS,
    DeadLetterResendResult,
    request_model=DeadLetterResendIn,
)
async def resend_dead_letters(request: ApiRequest) -> DeadLetterResendResult:
    """Resend dead letters: those with these ids, or all. Idempotent.

    A message is sent to its queue again. For an event of an upload, the exchange validates the upload in the
    background. If that fails again, there is a new dead letter. A batch request that has ended, or has made progress in
    the meantime, does not change.
    """
    body = request.parse_body(DeadLetterResendIn)
    return await resend(body, request.user, request.services)


@endpoint(
    "GET",
    "operations/webhook-deliveries",
    Access.OPERATORS,
    FailedWebhookDeliveryList,
    query_model=FailedDeliveriesQuery,
)
async def list_failed_webhook_deliveries(request: ApiRequest) -> FailedWebhookDeliveryList:
    """List the failed deliveries to all webhooks, latest first. Operators may redeliver them."""
    return await list_failed_deliveries(request.parse_query(FailedDeliveriesQuery).limit, request.services)
