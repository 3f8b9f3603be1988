"""The emulators that triggers listen to."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from local.app_settings import stack_settings
from local.host.blob import POISON_QUEUE
from tests.local.host.emulators import Queue, azurite, service_bus

_QUEUES = 30
_LOCK_S = 60
_SHORT_LOCK_S = 3


@pytest.fixture(scope="session")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Queues enough for each test to have its own."""
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
    """Give the connection string of a broker."""
    with service_bus(topology, topology.parent) as connection:
        yield connection


_numbers = itertools.count()


@pytest.fixture
def queue(bus: str) -> Queue:
    """Give an empty queue."""
    return Queue(bus, f"long-{next(_numbers)}")


@pytest.fixture
def queue_with_short_locks(bus: str) -> Queue:
    """Give an empty queue whose locks last for three seconds."""
    return Queue(bus, f"short-{next(_numbers)}")


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the connection string of a storage account."""
    with azurite(tmp_path_factory.mktemp("azurite")) as ports:
        yield stack_settings({**ports, "servicebus": 0, "cosmos": 0, "issuer": 0}, Path())["DATA_STORAGE"]


@pytest.fixture
def container(storage: str) -> Iterator[ContainerClient]:
    """Give an empty container."""
    with BlobServiceClient.from_connection_string(storage, use_env_settings=False) as blobs:
        yield blobs.create_container(uuid4().hex)


@pytest.fixture
def poison(storage: str) -> Iterator[QueueClient]:
    """Give the queue where events end that no try could handle."""
    with QueueClient.from_connection_string(storage, POISON_QUEUE, use_env_settings=False) as queue:
        yield queue
