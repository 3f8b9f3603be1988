"""The broker and the storage account of tests, and a queue as a test looks at it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue

from local.app_settings import stack_settings
from local.paths import EMULATORS, NODE
from tests.local.host.processes import Process, started


@contextmanager
def service_bus(topology: Path, folder: Path, port: int = 0) -> Iterator[str]:
    """Start a broker, and give its connection string."""
    with service_bus_process(topology, folder, port) as process:
        yield bus_connection(process.said["port"])


@contextmanager
def service_bus_process(topology: Path, folder: Path, port: int = 0) -> Iterator[Process]:
    script = str(EMULATORS / "servicebus.js")
    command = [str(NODE), script, "--port", str(port), "--topology", str(topology)]
    with started(command, folder / "servicebus.log") as process:
        assert process.said.get("ready"), process.said
        yield process


def bus_connection(port: int) -> str:
    return stack_settings({"servicebus": port, "blob": 0, "queue": 0, "cosmos": 0, "issuer": 0}, Path())["SERVICE_BUS"]


@contextmanager
def azurite(folder: Path, blob_port: int = 0) -> Iterator[Mapping[str, int]]:
    """Start a storage account, and say at which ports it is."""
    command = [str(NODE), str(EMULATORS / "azurite.js"), "--blob-port", str(blob_port), "--queue-port", "0"]
    with started(command, folder / "azurite.log") as process:
        yield {"blob": process.said["blobPort"], "queue": process.said["queuePort"]}


class Queue:
    """A queue: what is sent to it, and what is in it."""

    def __init__(self, connection: str, name: str) -> None:
        self.connection = connection
        self.name = name

    def settings(self) -> dict[str, str]:
        return {"BUS": self.connection, "QUEUE": self.name}

    def send(self, *messages: ServiceBusMessage | object) -> None:
        """Send them; what is no message yet becomes one of JSON."""
        made = [one if isinstance(one, ServiceBusMessage) else ServiceBusMessage(json.dumps(one)) for one in messages]
        with ServiceBusClient.from_connection_string(self.connection) as client:
            client.get_queue_sender(self.name).send_messages(made)

    def waiting(self) -> list[ServiceBusReceivedMessage]:
        """List what is in it, also what is locked."""
        with ServiceBusClient.from_connection_string(self.connection) as client:
            return client.get_queue_receiver(self.name).peek_messages(100)

    def dead(self) -> list[ServiceBusReceivedMessage]:
        """List what is in its dead-letter queue."""
        with ServiceBusClient.from_connection_string(self.connection) as client:
            return client.get_queue_receiver(self.name, sub_queue=ServiceBusSubQueue.DEAD_LETTER).peek_messages(100)
