"""The Service Bus and storage emulators for tests, and a client of a queue."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue

from local.app_settings import make_stack_settings
from local.paths import EMULATORS, NODE
from tests.local.host.processes import Process, started


@contextmanager
def service_bus(topology: Path, folder: Path, port: int = 0) -> Iterator[str]:
    """Start the Service Bus emulator. Yields its connection string."""
    with service_bus_process(topology, folder, port) as process:
        yield make_bus_connection(process.message["port"])


@contextmanager
def service_bus_process(topology: Path, folder: Path, port: int = 0) -> Iterator[Process]:
    script = str(EMULATORS / "servicebus.js")
    command = [str(NODE), script, "--port", str(port), "--topology", str(topology)]
    with started(command, folder / "servicebus.log") as process:
        assert process.message.get("ready"), process.message
        yield process


def make_bus_connection(port: int) -> str:
    return make_stack_settings(
        {"servicebus": port, "blob": 0, "queue": 0, "cosmos": 0, "issuer": 0, "sign_in": 0}, Path()
    )["SERVICE_BUS"]


@contextmanager
def azurite(folder: Path, blob_port: int = 0) -> Iterator[Mapping[str, int]]:
    """Start the storage emulator. Yields its ports."""
    command = [str(NODE), str(EMULATORS / "azurite.js"), "--blob-port", str(blob_port), "--queue-port", "0"]
    with started(command, folder / "azurite.log") as process:
        yield {"blob": process.message["blobPort"], "queue": process.message["queuePort"]}


class Queue:
    """A client of one queue."""

    def __init__(self, connection: str, name: str) -> None:
        self.connection = connection
        self.name = name

    def settings(self) -> dict[str, str]:
        return {"BUS": self.connection, "QUEUE": self.name}

    def send(self, *messages: ServiceBusMessage | object) -> None:
        """Send the messages. A value that is not a message is sent as JSON."""
        to_send = [
            message if isinstance(message, ServiceBusMessage) else ServiceBusMessage(json.dumps(message))
            for message in messages
        ]
        with ServiceBusClient.from_connection_string(self.connection) as client:
            client.get_queue_sender(self.name).send_messages(to_send)

    def peek(self) -> list[ServiceBusReceivedMessage]:
        """Return the messages in the queue, including locked ones."""
        with ServiceBusClient.from_connection_string(self.connection) as client:
            return client.get_queue_receiver(self.name).peek_messages(100)

    def peek_dead_letters(self) -> list[ServiceBusReceivedMessage]:
        """Return the messages in the dead-letter queue."""
        with ServiceBusClient.from_connection_string(self.connection) as client:
            return client.get_queue_receiver(self.name, sub_queue=ServiceBusSubQueue.DEAD_LETTER).peek_messages(100)
