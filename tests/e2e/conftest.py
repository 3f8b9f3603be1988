"""Stacks with short deadlines: a usual one, one without blob events, one where every event is delivered twice, and one
with more telemetry.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e.exchange import Exchange, exchange_on
from tests.stacks import Stack, running_stack

SHORT = {
    "SWEEP_SCHEDULE": "* * * * * *",
    "ROBOT_CALL_TIMEOUT_S": "1.5",
    "ROBOT_RETRY_FIRST_DELAY_S": "0.3",
    "ROBOT_RETRY_MAX_DELAY_S": "1",
    "ROBOT_RETRY_TOTAL_S": "4",
    "DISPATCH_OVERDUE_S": "4",
    "VALIDATION_WAIT_S": "2",
    "CALLBACK_WAIT_S": "5",
    "ROBOT_SILENCE_LIMIT_S": "6",
    "PROGRESS_LIMIT_S": "4",
    "WEBHOOK_CALL_TIMEOUT_S": "1.5",
    "WEBHOOK_RETRY_DELAYS_S": "0.2 0.2 0.2 0.4 0.4 1 1 1 1",
    "WEBHOOK_OVERDUE_S": "60",
}
# For tests that must not see a deadline pass, even on a busy machine.
PATIENT = {
    **SHORT,
    "ROBOT_CALL_TIMEOUT_S": "30",
    "DISPATCH_OVERDUE_S": "60",
    "VALIDATION_WAIT_S": "60",
    "CALLBACK_WAIT_S": "60",
    "ROBOT_SILENCE_LIMIT_S": "120",
    "PROGRESS_LIMIT_S": "60",
}


@pytest.fixture(scope="session")
def usual_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    # Small chunks, so that an import can be cancelled between two of them.
    with running_stack(tmp_path_factory.mktemp("usual"), IMPORT_CHUNK_ENTRIES="100", **SHORT) as stack:
        yield stack


@pytest.fixture(scope="session")
def stack_without_blob_events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {**SHORT, "LOCAL_BLOB_POLL_SECONDS": "86400", "SIGNED_URL_LIFETIME_S": "2"}
    settings |= {"SMALL_RESULT_LIMIT_BYTES": "10000", "BLOB_EVENT_WAIT_S": "0.5", "VALIDATION_WAIT_S": "30"}
    with running_stack(tmp_path_factory.mktemp("eventless"), **settings) as stack:
        yield stack


@pytest.fixture(scope="session")
def stack_with_every_event_twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("twice"), "--every-event-twice", **SHORT) as stack:
        yield stack


@pytest.fixture(scope="session")
def stack_with_a_tracing_sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack where the Azure SDKs also make spans, which is their default in Azure's worker."""
    settings = {**PATIENT, "AZURE_SDK_TRACING_IMPLEMENTATION": "opentelemetry", "OTEL_METRIC_EXPORT_INTERVAL": "200"}
    with running_stack(tmp_path_factory.mktemp("tracing"), **settings) as stack:
        yield stack


@pytest.fixture
async def exchange(usual_stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(usual_stack) as client:
        yield client


@pytest.fixture(params=["usual_stack", "stack_with_every_event_twice"])
async def exchange_once_and_twice(request: pytest.FixtureRequest) -> AsyncIterator[Exchange]:
    """A client of the usual stack, then of the one where every event is delivered twice."""
    async with exchange_on(request.getfixturevalue(request.param)) as client:
        yield client


@pytest.fixture
async def eventless(stack_without_blob_events: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(stack_without_blob_events) as client:
        yield client


@pytest.fixture
async def twice(stack_with_every_event_twice: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(stack_with_every_event_twice) as client:
        yield client
