"""What every Queues does."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest
from azure.servicebus.aio import ServiceBusClient
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from exchange.adapters.service_bus import ServiceBusQueues
from exchange.domain.errors import Unavailable
from exchange.domain.messages import DispatchMessage, ImportMessage, Message
from exchange.domain.messages import DispatchMessage, ImportMessage
from exchange.ports import Queues
from tests.fakes import FakeQueues
from tests.stacks import Stack

Next = Callable[[], Awaitable[Message]]


@pytest.fixture
async def queues_and_next(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Queues, Next]]:
    """Give the queues, and a function that takes the next order off them."""
    if kind == "fake":
        fake = FakeQueues()

        async def next_sent() -> Message:
            return fake.sent.pop(0)

        yield fake, next_sent
        return
    stack: Stack = request.getfixturevalue("emulators")
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver("dispatch") as dispatches,
        client.get_queue_receiver("import") as imports,
    ):

        async def next_received() -> Message:
            for message in await dispatches.receive_messages(max_wait_time=1):
                await dispatches.complete_message(message)
                order = DispatchMessage.model_validate_json(b"".join(message.body))
                return DispatchMessage(order.batch_id, order.attempt)
            for message in await imports.receive_messages(max_wait_time=5):
                await imports.complete_message(message)
                return ImportMessage(ImportMessage.model_validate_json(b"".join(message.body)).batch_id)
            pytest.fail("no order came")

        queues = real_queues(stack)
        yield queues, next_received
        await queues.close()


def real_queues(stack: Stack) -> ServiceBusQueues:
    settings = stack.settings
    return ServiceBusQueues(settings["SERVICE_BUS"], None, settings["DISPATCH_QUEUE"], settings["IMPORT_QUEUE"])


@pytest.mark.parametrize("due", [DispatchMessage(uuid4(), 3), ImportMessage(uuid4())], ids=repr)
async def test_an_order_arrives_as_it_was_sent(queues_and_next: tuple[Queues, Next], due: Message) -> None:
    queues, take = queues_and_next
    await queues.send(due)
    assert await take() == due


async def test_an_order_sent_twice_arrives_twice(queues_and_next: tuple[Queues, Next]) -> None:
    queues, take = queues_and_next
    due = DispatchMessage(uuid4(), 1)
    await queues.send(due)
    await queues.send(due)
    assert [await take(), await take()] == [due, due]


async def test_a_scheduled_order_is_held_back_until_its_time(emulators: Stack) -> None:
    due, at = uuid4(), time.time() + 1.5
    queues = real_queues(emulators)
    await queues.send(DispatchMessage(due, 2, at))
    await queues.close()
    async with (
        ServiceBusClient.from_connection_string(emulators.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver("dispatch") as receiver,
    ):
        (message,) = await receiver.receive_messages(max_wait_time=10)
        assert time.time() >= at - 0.1
        assert DispatchMessage.model_validate_json(b"".join(message.body)).batch_id == due
        await receiver.complete_message(message)


@pytest.mark.parametrize(("due", "queue"), [(DispatchMessage(uuid4(), 1), "dispatch"), (ImportMessage(uuid4()), "import")])
async def test_an_order_says_which_span_sent_it(emulators: Stack, due: Message, queue: str) -> None:
    sender = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    queues = real_queues(emulators)
    with use_span(NonRecordingSpan(sender)):
        await queues.send(due)
    await queues.send(due)
    await queues.close()
    async with (
        ServiceBusClient.from_connection_string(emulators.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        said: list[object] = []
        while len(said) < 2:
            for message in await receiver.receive_messages(max_wait_time=5):
                said.append((message.application_properties or {}).get(b"traceparent"))
                await receiver.complete_message(message)
    assert said[0] == b"00-00000000000000000000000000000abc-0000000000000def-01"
    assert said[1] != said[0]


async def test_a_queue_that_is_away_is_unavailable(unused_tcp_port: int) -> None:
    address = f"Endpoint=sb://127.0.0.1:{unused_tcp_port};SharedAccessKeyName=a;SharedAccessKey=a;UseDevelopmentEmulator=true;"
    queues = ServiceBusQueues(address, None, "dispatch", "import")
    with pytest.raises(Unavailable):
        await queues.send(ImportMessage(uuid4()))
