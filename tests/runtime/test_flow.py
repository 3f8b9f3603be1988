"""The functions without an HTTP trigger, in Microsoft's worker library: their effects and their results."""

from typing import Any
from uuid import uuid4

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.storage.blob.aio import BlobServiceClient

from tests.e2e.exchange import Exchange, wait_for
from tests.e2e.robot import accept_job, running_robot
from tests.results import annotation
from tests.runtime import host
from tests.runtime.app import InvocationResult, Json, RuntimeApp
from tests.stacks import Stack


async def receive(stack: Stack, queue: str) -> tuple[Json, dict[str, Json]]:
    """Receive the next message of a queue, and convert it as the host does."""
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        [message] = await receiver.receive_messages(max_message_count=1, max_wait_time=10)
        converted = host.convert_message(message)
        await receiver.complete_message(message)
        return converted


async def handle_next(app: RuntimeApp, stack: Stack, queue: str, function: str) -> InvocationResult:
    """Call the function with the next message of the queue."""
    return await app.invoke(function, *await receive(stack, queue))


def assert_success(result: InvocationResult) -> None:
    assert (result.error, result.succeeded, result.returned) == ("", True, None)


async def send(stack: Stack, queue: str, content: Any, **properties: Any) -> None:
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_sender(queue) as sender,
    ):
        await sender.send_messages(ServiceBusMessage(content, **properties))


async def test_a_batch_is_dispatched_validated_and_imported(
    app: RuntimeApp, exchange: Exchange, emulators: Stack
) -> None:
    references = await exchange.load_references(3)
    async with running_robot(exchange, accept_job) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
        assert_success(await handle_next(app, emulators, "dispatch", "dispatch"))
        assert (await exchange.read(batch))["request_status"] == "accepted"
        [job] = robot.jobs
        assert {reference["id"] for reference in await robot.download_references(job)} == set(references)
        assert await robot.upload(job, *map(annotation, references)) == 201
        assert_success(
            await app.invoke("validate", *host.convert_blob("DATA_STORAGE", "results", await find_result(emulators)))
        )
        status, body = await robot.call_back(job)
        assert (status, body["request_status"]) == (200, "importing")
    assert_success(await handle_next(app, emulators, "import", "import_delivered"))
    batch = await exchange.read(batch)
    assert (batch["request_status"], batch["error"]) == ("completed", None)
    assert sorted(await exchange.read_report(batch)) == sorted(
        f"Reference {reference}: Enhancement added." for reference in references
    )


async def find_result(stack: Stack) -> str:
    """Return the name of the only result file."""
    async with BlobServiceClient.from_connection_string(stack.settings["DATA_STORAGE"]) as blobs:
        [name] = [name async for name in blobs.get_container_client("results").list_blob_names()]
        return str(name)


@pytest.mark.parametrize(
    ("queue", "function"), [("dispatch", "dispatch"), ("import", "import_delivered"), ("notify", "notify")]
)
async def test_a_message_for_an_unknown_batch_fails_and_is_redelivered(
    app: RuntimeApp, emulators: Stack, local: Exchange, queue: str, function: str
) -> None:
    body = f'{{"batch_id": "{uuid4()}", "attempt": 1}}'
    await send(emulators, queue, body, application_properties={"attempt": 1})
    result = await handle_next(app, emulators, queue, function)
    assert not result.succeeded
    assert result.error.startswith("NotFound: ")

    await send(local.stack, queue, body, application_properties={"attempt": 1})
    assert (
        await wait_for(lambda: read_dead_letter(local.stack, queue), "the message in the dead-letter queue")
    ) == body


async def read_dead_letter(stack: Stack, queue: str) -> str | None:
    """Return the first message in the dead-letter queue, or None if it is empty."""
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue, sub_queue="deadletter") as receiver,
    ):
        found = await receiver.peek_messages()
        return b"".join(found[0].body).decode() if found else None


async def test_a_message_without_a_batch_id_fails(app: RuntimeApp, emulators: Stack) -> None:
    await send(emulators, "dispatch", "{}")
    result = await handle_next(app, emulators, "dispatch", "dispatch")
    assert not result.succeeded
    assert result.error.startswith("ValidationError: ")


async def test_a_repeated_dispatch_message_succeeds_without_a_second_call(
    app: RuntimeApp, exchange: Exchange, emulators: Stack
) -> None:
    async with running_robot(exchange, accept_job) as robot:
        await exchange.request_batch(await exchange.register_robot(robot.url), await exchange.load_references(1))
        message = await receive(emulators, "dispatch")
        assert [(await app.invoke("dispatch", *message)).succeeded for _ in range(2)] == [True, True]
        assert len(robot.jobs) == 1


async def test_an_upload_for_an_unknown_batch_fails_and_is_redelivered(app: RuntimeApp) -> None:
    result = await app.invoke("validate", *host.convert_blob("DATA_STORAGE", "results", f"{uuid4()}.jsonl"))
    assert not result.succeeded
    assert result.error.startswith("NotFound: ")


@pytest.mark.parametrize("past_due", [False, True])
async def test_the_sweep_succeeds(app: RuntimeApp, past_due: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert (await app.invoke("sweep_overdue", *host.make_timer_run(past_due=past_due))).succeeded
