"""The behaviour of every `DeadLetterStore`: the fake, Service Bus, the poison queue and Event Grid's container."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient

from exchange.adapters.blobs import BlobAccount
from exchange.adapters.dead_letters.event_grid import EventGridDeadLetters
from exchange.adapters.dead_letters.poison_queue import PoisonQueue, PoisonQueueDeadLetters
from exchange.adapters.dead_letters.service_bus import ServiceBusDeadLetters
from exchange.adapters.service_bus import ServiceBusQueues
from exchange.adapters.service_bus_links import ServiceBusLinks
from exchange.domain.blob_names import result
from exchange.domain.dead_letters import DeadLetter, ResendResult
from exchange.domain.errors import Unavailable
from exchange.domain.messages import DispatchMessage
from exchange.ports import DeadLetterStore
from tests.fakes import FakeDeadLetterStore
from tests.ports.test_queues import make_queues
from tests.stacks import Stack

MISSING = "The dead letter does not exist, or another process is handling it."
RESULT_PREFIX = "/blobServices/default/containers/results/blobs/"


@dataclass
class Place:
    """A store, how a dead letter about a batch gets into it, and the uploads that were passed on to be validated."""

    store: DeadLetterStore
    add: Callable[[UUID], Awaitable[None]]
    validates: bool
    validated: list[str] = field(default_factory=list)
    fault: str | None = None

    async def revalidate(self, blob: str) -> str | None:
        if self.fault is None:
            self.validated.append(blob)
        return self.fault

    async def add_all(self, *batch_ids: UUID) -> list[DeadLetter]:
        """Add a dead letter for each batch, and return all that there are, in the order of the batches."""
        for batch_id in batch_ids:
            await self.add(batch_id)
        found = (await self.store.list_first(10)).letters
        return sorted(found, key=lambda letter: batch_ids.index(letter.batch_ids[0]))

    async def resend(self, *names: str) -> list[ResendResult]:
        """Resend those with these names, or all."""
        async with aclosing(self.store.resend(names or None, self.revalidate)) as results:
            return [item async for item in results]


@pytest.fixture(params=["fake messages", "fake events", "messages", "poison queue", "container"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    kind: str = request.param
    if kind.startswith("fake"):
        fake = FakeDeadLetterStore(sends=kind == "fake messages")

        async def add_to_fake(batch_id: UUID) -> None:
            fake.add(DeadLetter(name=str(uuid4()), batch_ids=(batch_id,)))

        yield Place(fake, add_to_fake, validates=not fake.sends)
        return
    stack: Stack = request.getfixturevalue("emulators")
    make = {"messages": _queue_of_messages, "poison queue": _poison_queue, "container": _container}[kind]
    async with aclosing(make(stack)) as places:
        async for made in places:
            yield made
            await made.resend()


async def _queue_of_messages(stack: Stack) -> AsyncGenerator[Place, None]:
    queues = make_queues(stack)
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver("dispatch") as receiver,
    ):

        async def add(batch_id: UUID) -> None:
            await queues.send(DispatchMessage(batch_id, 1))
            (message,) = await receiver.receive_messages(1, 5)
            await receiver.dead_letter_message(message, reason="odd")

        try:
            yield Place(ServiceBusDeadLetters("dispatch", queues.links), add, validates=False)
        finally:
            # Other tests use the queue.
            while received := await receiver.receive_messages(10, 1):
                for message in received:
                    await receiver.complete_message(message)
            await queues.close()


async def _poison_queue(stack: Stack) -> AsyncGenerator[Place, None]:
    queue = PoisonQueue(stack.settings["DATA_STORAGE"], None)
    store = PoisonQueueDeadLetters(queue)

    async def add(batch_id: UUID) -> None:
        with suppress(ResourceExistsError):
            await queue.client.create_queue()
        message = {"ContainerName": "results", "BlobName": result(batch_id)}
        await queue.client.send_message(json.dumps(message))

    yield Place(store, add, validates=True)
    await queue.close()


async def _container(stack: Stack) -> AsyncGenerator[Place, None]:
    account = BlobAccount(stack.settings["DATA_STORAGE"], None)

    async def add(batch_id: UUID) -> None:
        event = {"subject": RESULT_PREFIX + result(batch_id), "deadLetterReason": "r", "deliveryAttempts": 30}
        await account.blob("dead-letters", f"{uuid4()}.json").upload_blob(json.dumps([event]))

    yield Place(EventGridDeadLetters(account), add, validates=True)
    await account.close()


async def test_dead_letters_are_counted_and_listed(place: Place) -> None:
    # The host creates the poison queue when it first needs it.
    assert await place.store.count() == 0
    assert (await place.store.list_first(5)).letters == []
    batch_ids = [uuid4() for _ in range(3)]
    letters = await place.add_all(*batch_ids)
    assert [letter.batch_ids for letter in letters] == [(batch_id,) for batch_id in batch_ids]
    assert await place.store.count() == 3
    page = await place.store.list_first(2)
    assert (len(page.letters), page.truncated) == (2, True)
    assert not (await place.store.list_first(3)).truncated


async def test_one_dead_letter_is_resent_and_the_others_stay(place: Place) -> None:
    batch_ids = [uuid4() for _ in range(3)]
    first, second, third = await place.add_all(*batch_ids)
    assert await place.resend(second.name) == [ResendResult(second.name)]
    assert place.validated == ([result(batch_ids[1])] if place.validates else [])
    assert {letter.name for letter in (await place.store.list_first(5)).letters} == {first.name, third.name}
    # The others can be resent at once. Repeating what is done finds nothing.
    assert sorted(await place.resend(second.name, third.name), key=lambda item: item.fault or "") == [
        ResendResult(third.name),
        ResendResult(second.name, MISSING),
    ]
    assert await place.resend() == [ResendResult(first.name)]
    assert await place.store.count() == 0


async def test_a_caller_who_stops_early_leaves_the_others(place: Place) -> None:
    await place.add_all(*(uuid4() for _ in range(3)))
    async with aclosing(place.store.resend(None, place.revalidate)) as results:
        assert (await anext(results)).fault is None
    assert await place.store.count() == 2
    assert len(await place.resend()) == 2


async def test_an_upload_that_cannot_be_validated_stays(place: Place) -> None:
    if not place.validates:
        pytest.skip("these dead letters are messages")
    (letter,) = await place.add_all(uuid4())
    place.fault = "The batch request does not exist."
    assert await place.resend() == [ResendResult(letter.name, place.fault)]
    assert await place.store.count() == 1
    place.fault = None
    assert await place.resend(letter.name) == [ResendResult(letter.name)]


async def test_a_resent_message_is_the_one_that_was_sent(emulators: Stack) -> None:
    batch_id = uuid4()
    async with aclosing(_queue_of_messages(emulators)) as places:
        place = await anext(places)
        await place.add_all(batch_id)
        (letter,) = (await place.store.list_first(1)).letters
        assert letter.reason == "odd"
        assert letter.since is not None
        await place.resend()
        async with (
            ServiceBusClient.from_connection_string(emulators.settings["SERVICE_BUS"]) as client,
            client.get_queue_receiver("dispatch") as receiver,
        ):
            (message,) = await receiver.receive_messages(1, 5)
            assert json.loads(b"".join(message.body)) == {"batch_id": str(batch_id), "attempt": 1, "deliver_at": None}
            assert not message.application_properties
            await receiver.complete_message(message)


async def test_calls_at_the_same_time_resend_messages_of_the_same_queue(emulators: Stack) -> None:
    async with aclosing(_queue_of_messages(emulators)) as places:
        place = await anext(places)
        first, second, third = await place.add_all(*(uuid4() for _ in range(3)))
        resent = await asyncio.gather(place.resend(third.name), place.resend(second.name))
        assert list(resent) == [[ResendResult(third.name)], [ResendResult(second.name)]]
        assert [letter.name for letter in (await place.store.list_first(5)).letters] == [first.name]
        assert await place.resend() == [ResendResult(first.name)]


class UnwritableLinks(ServiceBusLinks):
    """The queues can be read, but not be written."""

    async def send(self, queue: str, message: ServiceBusMessage) -> None:
        raise Unavailable(f"{queue}: {message.body_type} was not sent.")


async def test_a_message_that_could_not_be_resent_can_be_resent_at_once(emulators: Stack) -> None:
    async with aclosing(_queue_of_messages(emulators)) as places:
        place = await anext(places)
        (letter,) = await place.add_all(uuid4())
        links = UnwritableLinks(emulators.settings["SERVICE_BUS"], None)
        failing = replace(place, store=ServiceBusDeadLetters("dispatch", links))
        with pytest.raises(Unavailable, match="dispatch"):
            await failing.resend(letter.name)
        await links.close()
        assert await place.resend(letter.name) == [ResendResult(letter.name)]


async def test_names_that_no_message_has_are_missing(place: Place) -> None:
    names = ["0", "99999999999999999999999", "x", "../x", "\u0663"]
    assert await place.resend(*names) == [ResendResult(name, MISSING) for name in sorted(names)]


async def test_only_the_first_32_poisoned_events_are_shown(emulators: Stack) -> None:
    async with aclosing(_poison_queue(emulators)) as places:
        place = await anext(places)
        for _ in range(33):
            await place.add(uuid4())
        page = await place.store.list_first(100)
        assert (len(page.letters), page.truncated) == (32, True)
        assert len(await place.resend()) == 33


async def test_events_of_several_batches_are_one_dead_letter(emulators: Stack) -> None:
    account = BlobAccount(emulators.settings["DATA_STORAGE"], None)
    batch_ids = [uuid4(), uuid4()]
    events = [
        {"subject": RESULT_PREFIX + result(batch_id), "deliveryattempts": number, "deadletterreason": "r"}
        for number, batch_id in enumerate(batch_ids)
    ]
    await account.blob("dead-letters", "several.json").upload_blob(json.dumps(events))
    await account.blob("dead-letters", "odd.json").upload_blob(b"not JSON")
    store = EventGridDeadLetters(account)
    odd, several = (await store.list_first(5)).letters
    assert (several.batch_ids, several.attempts, several.reason) == (tuple(batch_ids), 1, "r")
    assert odd.batch_ids == ()
    validated: list[str] = []

    async def revalidate(blob: str) -> str | None:
        validated.append(blob)
        return None

    async with aclosing(store.resend(None, revalidate)) as results:
        assert [(item.name, item.fault) async for item in results] == [
            ("odd.json", "It has events that are not about blobs of the container 'results'."),
            ("several.json", None),
        ]
    assert validated == [result(batch_id) for batch_id in batch_ids]
    await account.blob("dead-letters", "odd.json").delete_blob()
    await account.close()


async def test_a_refused_connection_raises_unavailable(emulators: Stack, unused_tcp_port: int) -> None:
    address = emulators.settings["DATA_STORAGE"].replace(
        emulators.addresses["blob"], f"http://127.0.0.1:{unused_tcp_port}/a"
    )
    unreachable = address.replace("QueueEndpoint=", f"QueueEndpoint=http://127.0.0.1:{unused_tcp_port}/a;Before=")
    bus = f"Endpoint=sb://127.0.0.1:{unused_tcp_port};SharedAccessKeyName=a;SharedAccessKey=a;UseDevelopmentEmulator=true;"
    account, poison_queue = BlobAccount(unreachable, None), PoisonQueue(unreachable, None)
    queues = ServiceBusQueues(bus, None, "dispatch", "import", "notify")
    stores: list[DeadLetterStore] = [
        EventGridDeadLetters(account),
        PoisonQueueDeadLetters(poison_queue),
        ServiceBusDeadLetters("dispatch", queues.links),
    ]
    # They take the time of all retries.
    found = await asyncio.gather(*(store.count() for store in stores), return_exceptions=True)
    assert [type(error) for error in found] == [Unavailable] * 3
    await account.close()
    await poison_queue.close()
