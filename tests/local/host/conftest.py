"""The emulators to which the triggers listen."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from local.app_settings import make_stack_settings
from local.host.blob import POISON_QUEUE
from tests.local.host.emulators import Queue, azurite, service_bus

_QUEUES = 30
_LOCK_S = 60
_SHORT_LOCK_S = 3


@pytest.fixture(scope="session")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a topology with enough queues for each test to have its own."""
    file = tmp_path_factory.mktemp("topology") / "topology.json"
    locks = {"long": _LOCK_S, "short": _SHORT_LOCK_S}
    queues = [
        {"name": f"{kind}-{n}", "lockDurationSeconds": lock, "maxDeliveryCount": 10}
        for kind, lock in locks.items()
        for n in range(_QUEUES)
    ]
    file.write_text(json.dumps({"queues": queues}))
    return file


@pytest.fixture(scope="session")
def bus(topology: Path) -> Iterator[str]:
    """Yield the connection string of the Service Bus emulator."""
    with service_bus(topology, topology.parent) as connection:
        yield connection


_numbers = itertools.count()


@pytest.fixture
def queue(bus: str) -> Queue:
    """Return an empty queue."""
    return Queue(bus, f"long-{next(_numbers)}")


@pytest.fixture
def queue_with_short_locks(bus: str) -> Queue:
    """Return an empty queue with locks of three seconds."""
    return Queue(bus, f"short-{next(_numbers)}")


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the connection string of the storage emulator."""
    with azurite(tmp_path_factory.mktemp("azurite")) as ports:
        yield make_stack_settings({**ports, "servicebus": 0, "cosmos": 0, "issuer": 0, "sign_in": 0}, Path())[
            "DATA_STORAGE"
        ]


@pytest.fixture
def container(storage: str) -> Iterator[ContainerClient]:
    """Yield an empty container."""
    with BlobServiceClient.from_connection_string(storage, use_env_settings=False) as blobs:
        yield blobs.create_container(uuid4().hex)


@pytest.fixture
def poison_queue(storage: str) -> Iterator[QueueClient]:
    """Yield a client of the poison queue."""
    with QueueClient.from_connection_string(storage, POISON_QUEUE, use_env_settings=False) as queue:
        yield queue
