"""Fixtures that provide each port twice: its fake, and the real adapter on an emulator."""

import os
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from exchange.adapters.blobs import BlobAccount, BlobBatchFiles, BlobResultFiles
from exchange.adapters.cosmos.batches import CosmosBatchStore
from exchange.adapters.cosmos.claims import CosmosIdentifierClaims
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.references import CosmosReferenceStore
from exchange.adapters.cosmos.robots import CosmosRobotStore
from exchange.adapters.cosmos.webhook_deliveries import CosmosWebhookDeliveryStore
from exchange.adapters.cosmos.webhooks import CosmosWebhookStore
from exchange.ports import (
    BatchFiles,
    BatchStore,
    IdentifierClaims,
    ReferenceStore,
    RobotStore,
    WebhookDeliveryStore,
    WebhookStore,
)
from tests.fakes import (
    FakeBatchFiles,
    FakeBatchStore,
    FakeIdentifierClaims,
    FakeReferenceStore,
    FakeRobotStore,
    FakeWebhookDeliveryStore,
    FakeWebhookStore,
)
from tests.stacks import Stack, running_stack


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("emulators"), "--emulators-only") as stack:
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = stack.settings["SSL_CERT_FILE"]
        yield stack
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before


@pytest.fixture(params=["fake", "real"])
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
async def database(emulators: Stack) -> AsyncIterator[CosmosDatabase]:
    settings = emulators.settings
    database = CosmosDatabase(settings["COSMOS_ENDPOINT"], settings["COSMOS_KEY"], settings["COSMOS_DATABASE"])
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def account(emulators: Stack) -> AsyncIterator[BlobAccount]:
    account = BlobAccount(emulators.settings["DATA_STORAGE"], None)
    yield account
    await account.close()


def _request_fixture(request: pytest.FixtureRequest, name: str) -> Any:
    """Return a fixture that starts the emulators. Tests of a fake do not request it, so they need no emulators."""
    return request.getfixturevalue(name)


@pytest.fixture
def batches(kind: str, request: pytest.FixtureRequest) -> BatchStore:
    return FakeBatchStore() if kind == "fake" else CosmosBatchStore(_request_fixture(request, "database"))


@pytest.fixture
def robots(kind: str, request: pytest.FixtureRequest) -> RobotStore:
    return FakeRobotStore() if kind == "fake" else CosmosRobotStore(_request_fixture(request, "database"))


@pytest.fixture
def webhooks(kind: str, request: pytest.FixtureRequest) -> WebhookStore:
    return FakeWebhookStore() if kind == "fake" else CosmosWebhookStore(_request_fixture(request, "database"))


@pytest.fixture
def deliveries(kind: str, request: pytest.FixtureRequest) -> WebhookDeliveryStore:
    if kind == "fake":
        return FakeWebhookDeliveryStore()
    return CosmosWebhookDeliveryStore(_request_fixture(request, "database"))


@pytest.fixture
def references(kind: str, request: pytest.FixtureRequest) -> ReferenceStore:
    return FakeReferenceStore() if kind == "fake" else CosmosReferenceStore(_request_fixture(request, "database"), 8)


@pytest.fixture
def claims(kind: str, request: pytest.FixtureRequest) -> IdentifierClaims:
    return FakeIdentifierClaims() if kind == "fake" else CosmosIdentifierClaims(_request_fixture(request, "database"))


@pytest.fixture
def files(kind: str, request: pytest.FixtureRequest) -> BatchFiles:
    return FakeBatchFiles() if kind == "fake" else BlobBatchFiles(_request_fixture(request, "account"))


@pytest.fixture
def real_results(account: BlobAccount) -> BlobResultFiles:
    return BlobResultFiles(account)
