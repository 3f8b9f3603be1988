"""Every function that no request calls, in Microsoft's code: what it does, and whether it comes out as a success."""

from typing import Any
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.storage.blob.aio import BlobServiceClient

from tests.e2e.exchange import Exchange, eventually
from tests.e2e.robot import running_robot, takes_it
from tests.results import annotation
from tests.runtime import host
from tests.runtime.app import Json, Transition, RuntimeApp
from tests.stacks import Stack


async def taken(stack: Stack, queue: str) -> tuple[Json, dict[str, Json]]:
    """Take the next message from a queue, as the host hands it on."""
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        [message] = await receiver.receive_messages(max_message_count=1, max_wait_time=10)
        handed_on = host.message(message)
        await receiver.complete_message(message)
        return handed_on


async def handled(app: RuntimeApp, stack: Stack, queue: str, function: str) -> Transition:
    """Have the function handle the next message of the queue."""
    return await app.invoke(function, *await taken(stack, queue))


def succeeded(outcome: Transition) -> None:
    assert (outcome.error, outcome.succeeded, outcome.returned) == ("", True, None)


async def put(stack: Stack, queue: str, content: Any, **properties: Any) -> None:
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_sender(queue) as sender,
    ):
        await sender.send_messages(ServiceBusMessage(content, **properties))


async def test_a_batch_goes_its_whole_way(app: RuntimeApp, exchange: Exchange, emulators: Stack) -> None:
    references = await exchange.load(3)
    async with running_robot(exchange, takes_it) as robot:
        batch = await exchange.request(await exchange.register_robot(robot.url), references)
        succeeded(await handled(app, emulators, "dispatch", "dispatch"))
        assert (await exchange.read(batch))["request_status"] == "accepted"
        [order] = robot.orders
        assert {one["id"] for one in await robot.references(order)} == set(references)
        assert await robot.upload(order, *map(annotation, references)) == 201
        succeeded(await app.invoke("validate", *host.blob("DATA_STORAGE", "results", await uploaded(emulators))))
        status, answer = await robot.call_back(order)
        assert (status, answer["request_status"]) == (200, "importing")
    succeeded(await handled(app, emulators, "import", "import_delivered"))
    batch = await exchange.read(batch)
    assert (batch["request_status"], batch["error"]) == ("completed", None)
    assert sorted(await exchange.report(batch)) == sorted(f"Reference {one}: Enhancement added." for one in references)


async def uploaded(stack: Stack) -> str:
    """Return the name of the one result that there is."""
    async with BlobServiceClient.from_connection_string(stack.settings["DATA_STORAGE"]) as blobs:
        [name] = [name async for name in blobs.get_container_client("results").list_blob_names()]
        return str(name)


@pytest.mark.parametrize(("queue", "function"), [("dispatch", "dispatch"), ("import", "import_delivered")])
async def test_a_message_whose_batch_is_not_there_fails_and_comes_again(
    app: RuntimeApp, emulators: Stack, local: Exchange, queue: str, function: str
) -> None:
    order = f'{{"batch_id": "{uuid4()}", "attempt": 1}}'
    await put(emulators, queue, order, application_properties={"attempt": 1})
    outcome = await handled(app, emulators, queue, function)
    assert not outcome.succeeded
    assert outcome.error.startswith("NotFound: ")

    await put(local.stack, queue, order, application_properties={"attempt": 1})
    assert (await eventually(lambda: dead(local.stack, queue), "the message to be given up")) == order


async def dead(stack: Stack, queue: str) -> str | None:
    """Return what is in the dead-letter queue, where a message ends that failed each time."""
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue, sub_queue="deadletter") as receiver,
    ):
        found = await receiver.peek_messages()
        return b"".join(found[0].body).decode() if found else None


async def test_a_message_that_is_no_order_fails(app: RuntimeApp, emulators: Stack) -> None:
    await put(emulators, "dispatch", "{}")
    outcome = await handled(app, emulators, "dispatch", "dispatch")
    assert not outcome.succeeded
    assert outcome.error.startswith("ValidationError: ")


async def test_an_order_that_has_been_carried_out_is_done(
    app: RuntimeApp, exchange: Exchange, emulators: Stack
) -> None:
    async with running_robot(exchange, takes_it) as robot:
        await exchange.request(await exchange.register_robot(robot.url), await exchange.load(1))
        order = await taken(emulators, "dispatch")
        assert [(await app.invoke("dispatch", *order)).succeeded for _ in range(2)] == [True, True]
        assert len(robot.orders) == 1


async def test_an_upload_of_no_batch_fails_and_comes_again(app: RuntimeApp) -> None:
    outcome = await app.invoke("validate", *host.blob("DATA_STORAGE", "results", f"{uuid4()}.jsonl"))
    assert not outcome.succeeded
    assert outcome.error.startswith("NotFound: ")


@pytest.mark.parametrize("past_due", [False, True])
async def test_the_sweep_is_done(app: RuntimeApp, past_due: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert (await app.invoke("sweep_overdue", *host.tick(past_due=past_due))).succeeded
