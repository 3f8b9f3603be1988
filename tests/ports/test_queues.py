"""The behaviour of every `Queues`."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from azure.servicebus.aio import ServiceBusClient
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from pydantic import TypeAdapter

from exchange.adapters.service_bus import ServiceBusQueues
from exchange.domain.errors import Unavailable
from exchange.domain.messages import (
    DISPATCH_MESSAGE,
    IMPORT_MESSAGE,
    NOTIFY_MESSAGE,
    DispatchMessage,
    ImportMessage,
    Message,
    NotifyMessage,
    ValidateMessage,
    WebhookMessage,
)
from exchange.ports import Queues
from tests.fakes import FakeQueues
from tests.stacks import Stack

Receive = Callable[[], Awaitable[Message]]

BATCH_ID = UUID("11111111-1111-4111-8111-111111111111")


@pytest.fixture
async def queues_and_receive(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Queues, Receive]]:
    """Provide the queues, and a function that receives the next message from them."""
    if kind == "fake":
        fake = FakeQueues()

        async def receive_sent() -> Message:
            return fake.sent.pop(0)

        yield fake, receive_sent
        return
    stack: Stack = request.getfixturevalue("emulators")
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver("dispatch") as dispatches,
        client.get_queue_receiver("import") as imports,
        client.get_queue_receiver("notify") as notifications,
    ):

        async def receive() -> Message:
            for message in await dispatches.receive_messages(max_wait_time=1):
                await dispatches.complete_message(message)
                return DISPATCH_MESSAGE.validate_json(b"".join(message.body))
            for message in await notifications.receive_messages(max_wait_time=1):
                await notifications.complete_message(message)
                return NOTIFY_MESSAGE.validate_json(b"".join(message.body))
            for message in await imports.receive_messages(max_wait_time=5):
                await imports.complete_message(message)
                return IMPORT_MESSAGE.validate_json(b"".join(message.body))
            pytest.fail("no message arrived")

        queues = make_queues(stack)
        yield queues, receive
        await queues.close()


def make_queues(stack: Stack) -> ServiceBusQueues:
    settings = stack.settings
    names = (settings[f"{name}_QUEUE"] for name in ("DISPATCH", "IMPORT", "NOTIFY"))
    return ServiceBusQueues(settings["SERVICE_BUS"], None, *names)


@pytest.mark.parametrize(
    "sent",
    [
        DispatchMessage(BATCH_ID, 3),
        DispatchMessage(BATCH_ID, 3, 1.5),
        ImportMessage(BATCH_ID),
        ValidateMessage(BATCH_ID, 1.5),
        NotifyMessage(BATCH_ID),
        WebhookMessage(BATCH_ID, BATCH_ID, 1),
        WebhookMessage(BATCH_ID, BATCH_ID, 2, 1.5),
    ],
    ids=repr,
)
async def test_a_message_arrives_unchanged(queues_and_receive: tuple[Queues, Receive], sent: Message) -> None:
    queues, receive = queues_and_receive
    await queues.send(sent)
    assert await receive() == sent


async def test_a_message_that_is_sent_twice_arrives_twice(queues_and_receive: tuple[Queues, Receive]) -> None:
    queues, receive = queues_and_receive
    message = DispatchMessage(uuid4(), 1)
    await queues.send(message)
    await queues.send(message)
    assert [await receive(), await receive()] == [message, message]


def schedule(queue: str, deliver_at: float) -> tuple[Message, TypeAdapter[Any]]:
    match queue:
        case "dispatch":
            return DispatchMessage(uuid4(), 2, deliver_at), DISPATCH_MESSAGE
        case "import":
            return ValidateMessage(uuid4(), deliver_at), IMPORT_MESSAGE
        case _:
            return WebhookMessage(uuid4(), uuid4(), 2, deliver_at), NOTIFY_MESSAGE


@pytest.mark.parametrize("queue", ["dispatch", "import", "notify"])
async def test_a_scheduled_message_is_delivered_at_its_time(emulators: Stack, queue: str) -> None:
    deliver_at = time.time() + 1.5
    scheduled, adapter = schedule(queue, deliver_at)
    queues = make_queues(emulators)
    await queues.send(scheduled)
    await queues.close()
    async with (
        ServiceBusClient.from_connection_string(emulators.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        (message,) = await receiver.receive_messages(max_wait_time=10)
        assert time.time() >= deliver_at - 0.1
        assert adapter.validate_json(b"".join(message.body)) == scheduled
        await receiver.complete_message(message)


@pytest.mark.parametrize(
    ("sent", "queue"), [(DispatchMessage(BATCH_ID, 1), "dispatch"), (ImportMessage(BATCH_ID), "import")], ids=repr
)
async def test_a_message_carries_the_span_that_sent_it(emulators: Stack, sent: Message, queue: str) -> None:
    sender = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    queues = make_queues(emulators)
    with use_span(NonRecordingSpan(sender)):
        await queues.send(sent)
    await queues.send(sent)
    await queues.close()
    async with (
        ServiceBusClient.from_connection_string(emulators.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        traceparents: list[object] = []
        while len(traceparents) < 2:
            for message in await receiver.receive_messages(max_wait_time=5):
                traceparents.append((message.application_properties or {}).get(b"traceparent"))
                await receiver.complete_message(message)
    assert traceparents[0] == b"00-00000000000000000000000000000abc-0000000000000def-01"
    assert traceparents[1] != traceparents[0]


async def test_a_refused_connection_raises_unavailable(unused_tcp_port: int) -> None:
    endpoint = f"sb://127.0.0.1:{unused_tcp_port}"
    address = f"Endpoint={endpoint};SharedAccessKeyName=a;SharedAccessKey=a;UseDevelopmentEmulator=true;"
    queues = ServiceBusQueues(address, None, "dispatch", "import", "notify")
    with pytest.raises(Unavailable):
        await queues.send(ImportMessage(uuid4()))
    with pytest.raises(Unavailable):
        await queues.check()
