"""A function gets the same arguments and its result has the same effect in Microsoft's worker library and locally."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.storage.blob.aio import BlobServiceClient
from yarl import URL

from tests.e2e.exchange import wait_for
from tests.local.host.apps import App
from tests.local.host.processes import wait_until
from tests.local.host.test_start import BY_THE_WORKER
from tests.runtime import host
from tests.runtime.app import Json, RuntimeApp, app_process
from tests.stacks import Stack

SOURCE = """
@app.route("echo/{id}/{rest?}")
async def echo(req: func.HttpRequest) -> str:
    headers = {name: value for name, value in req.headers.items() if name != "host"}
    path, body = req.url.partition("/echo/")[2], list(req.get_body())
    return json.dumps([req.method, path, headers, dict(req.params), dict(req.route_params), body])

@app.route("plain")
def plain(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse(bytes(range(256)), status_code=418, headers={"X-One": "1"}, mimetype="text/x-odd")
    answer.headers.add("X-Two", "a")
    answer.headers.add("X-Two", "b")
    return answer

@app.route("nothing")
async def nothing(req: func.HttpRequest):
    return None

@app.route("a_number")
async def a_number(req: func.HttpRequest):
    return 7

@app.route("raises")
async def raises(req: func.HttpRequest) -> str:
    raise ValueError("no")

def read_fields(thing, *names):
    return {name: getattr(thing, name) for name in names}

@app.service_bus_queue_trigger(arg_name="message", queue_name="import", connection="SERVICE_BUS")
async def message(message: func.ServiceBusMessage) -> None:
    same = read_fields(
        message, "application_properties", "content_type", "correlation_id", "delivery_count", "message_id",
        "reply_to", "subject", "to", "user_properties",
    )
    own = read_fields(message, "enqueued_time_utc", "expires_at_utc", "locked_until", "lock_token", "sequence_number")
    kinds = {name: [type(value).__name__, str(getattr(value, "tzinfo", None))] for name, value in own.items()}
    record(body=list(message.get_body()), same=same, kinds=kinds)

@app.blob_trigger(arg_name="upload", path="views/{name}", connection="DATA_STORAGE", source=func.BlobSource.EVENT_GRID)
def upload(upload: BlobClient) -> None:
    record(kind=str(type(upload)), url=upload.url, content=upload.download_blob().readall().decode())

@app.timer_trigger(arg_name="tick", schedule="* * * * * *")
async def tick(tick: func.TimerRequest) -> None:
    if os.environ.get("TICKS"):
        record(kind=str(type(tick)), past_due=tick.past_due)
"""


@pytest.fixture
def probe(tmp_path: Path) -> App:
    """An app whose functions record their arguments."""
    return App(tmp_path, SOURCE, {"http": {"routePrefix": ""}})


@asynccontextmanager
async def in_worker_library(probe: App, emulators: Stack, **settings: str) -> AsyncIterator[RuntimeApp]:
    app_settings = probe.settings({**emulators.settings, **settings})
    async with app_process(probe.folder / "app.log", app_settings, probe.folder) as app:
        await app.start()
        yield app


async def call_all(address: str, calls: list[tuple[str, str, Any, Any]]) -> list[Any]:
    found = []
    async with aiohttp.ClientSession(skip_auto_headers=("User-Agent",)) as session:
        for method, path, headers, body in calls:
            url = URL(address + path, encoded=True)
            async with session.request(method, url, headers=headers, data=body) as response:
                headers_of_interest = {
                    name: response.headers.getall(name)
                    for name in {"Content-Type", "X-One", "X-Two"} & {*response.headers}
                }
                found.append((path, response.status, headers_of_interest, await response.read()))
    return found


@pytest.mark.parametrize("source", [source for source, _ in BY_THE_WORKER])
async def test_an_app_that_the_local_host_refuses_is_refused_by_the_worker(tmp_path: Path, source: str) -> None:
    App(tmp_path, source)
    async with app_process(tmp_path / "app.log", {}, tmp_path) as app:
        assert (await app.send("worker_init_request"))["result"]["status"] == 0


async def test_requests_and_responses_are_converted_the_same_way(probe: App, emulators: Stack) -> None:
    odd = [("X-A", "1"), ("x-a", "2"), ("X-Empty", ""), ("Content-Type", "application/json"), ("Accept", "*/*")]
    calls: list[tuple[str, str, Any, Any]] = [
        ("GET", "/echo/1?a=1&a=2&b=&c=%20x+y&d=%2C%C3%A9", odd, None),
        ("POST", "/ECHO/A%20b%2Fc/d%C3%A9/", odd, b"\xff\x00{"),
        ("PUT", "/echo/1", {"Content-Type": "text/plain; charset=latin-1"}, b"\xe9"),
        *(("GET", f"/{name}", None, None) for name in ("plain", "nothing", "a_number", "raises", "nowhere")),
    ]
    async with in_worker_library(probe, emulators) as app, host.http_front(app) as address:
        expected = await call_all(address, calls)
    assert [status for _, status, _, _ in expected] == [200, 200, 200, 418, 500, 500, 500, 404]
    with probe.running(**emulators.settings) as local:
        assert await call_all(f"http://127.0.0.1:{local.port}", calls) == expected


@pytest.mark.parametrize(
    "fields", [{}, {"content_type": "text/x-odd", "correlation_id": "c", "subject": "s", "reply_to": "r", "to": "t"}]
)
async def test_messages_are_converted_the_same_way(probe: App, emulators: Stack, fields: Json) -> None:
    properties: dict[str | bytes, Any] = {"text": "é", "number": 7, "half": 0.5, "yes": True}
    name, body = str(uuid4()), "{é".encode()
    async with (
        ServiceBusClient.from_connection_string(emulators.settings["SERVICE_BUS"]) as client,
        client.get_queue_sender("import") as sender,
        client.get_queue_receiver("import") as receiver,
        in_worker_library(probe, emulators) as app,
    ):
        await sender.send_messages(
            ServiceBusMessage(body, message_id=name, application_properties=properties, **fields)
        )
        [received] = await receiver.receive_messages(max_wait_time=10)
        assert (await app.invoke("message", *host.convert_message(received))).error == ""
        await receiver.complete_message(received)
        await sender.send_messages(
            ServiceBusMessage(body, message_id=name, application_properties=properties, **fields)
        )
    with probe.running(**emulators.settings):
        records = wait_until(lambda: len(probe.records) == 2 and probe.records)
        # If the host stopped before it completed the message, another test would receive it.
        await wait_for(lambda: is_empty(emulators, "import"), "an empty queue")
    assert records[0] == records[1]


async def is_empty(stack: Stack, queue: str) -> bool | None:
    """Return True if the queue has no message, not even a locked one, and None if it has one."""
    async with (
        ServiceBusClient.from_connection_string(stack.settings["SERVICE_BUS"]) as client,
        client.get_queue_receiver(queue) as receiver,
    ):
        return None if await receiver.peek_messages() else True


async def test_blobs_are_converted_the_same_way(probe: App, emulators: Stack) -> None:
    async with BlobServiceClient.from_connection_string(emulators.settings["DATA_STORAGE"]) as blobs:
        container = await blobs.create_container("views")
        await container.upload_blob("a folder/é.txt", b"content")
        async with in_worker_library(probe, emulators) as app:
            assert (
                await app.invoke("upload", *host.convert_blob("DATA_STORAGE", "views", "a folder/é.txt"))
            ).error == ""
        with probe.running(**emulators.settings):
            records = wait_until(lambda: len(probe.records) == 2 and probe.records)
        assert records[0] == records[1]
        await container.delete_container()


async def test_timer_runs_are_converted_the_same_way(probe: App, emulators: Stack) -> None:
    async with in_worker_library(probe, emulators, TICKS="1") as app:
        assert (await app.invoke("tick", *host.make_timer_run())).error == ""
    with probe.running(**emulators.settings, TICKS="1"):
        records = wait_until(lambda: len(probe.records) >= 2 and probe.records)
    assert records[0] == records[1]
