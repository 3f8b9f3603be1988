"""Protection against server-side request forgery: callers cannot make the exchange call addresses that are not public.

The tests replace the system's resolver, because test names have no DNS records. The connections are real.
"""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from exchange.adapters.robot_http import HttpRobotCalls
from exchange.adapters.webhook_http import HttpWebhookCalls
from exchange.contract.robots import BatchRobotRequest, Robot
from exchange.domain.ids import new_id
from exchange.domain.public_addresses import is_public
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.webhooks import WebhookSecrets
from tests.ports.test_webhook_store import a_delivery

DELIVERY = a_delivery(new_id())
SECRET = WebhookSecrets("a master key of a test").derive(DELIVERY.webhook_id, 1)
JOB = BatchRobotRequest(id=new_id(), reference_storage_url="https://b.test/r", result_storage_url="https://b.test/w")

NOT_PUBLIC = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - the tests do not listen on it
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1:0:0:80ff:fffe",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "100::1",
    "100:0:0:1::1",
    "::ffff:0:127.0.0.1",
    "not an address",
    "",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "20.50.2.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]

# Addresses that are not public, in notations that a check of the text would miss.
DISGUISED = [
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://0/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[fe80::1%25lo]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://localhost:8443/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1?x=https://example.com/",
    "https://①②⑦.⓪.⓪.①/",
    "http://1.1.1.1/",
    "https://user:word@1.1.1.1/",
    "https://no-such-host.invalid/",
    "https://metadata.test/",
    "https://private.test/",
    "https://half.test/",
    "https://mapped.test/",
]
NAMES = {
    "metadata.test": ["169.254.169.254"],
    "private.test": ["10.0.0.5"],
    "half.test": ["1.1.1.1", "192.168.0.9"],
    "mapped.test": ["::ffff:169.254.169.254"],
    "public.test": ["1.1.1.1", "2606:4700:4700::1111"],
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Resolve the names of this table, which a test may change. Other names are resolved by the system."""
    table = dict(NAMES)
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> list[tuple[Any, ...]]:
        if host not in table:
            return list(real(host, port, *rest, **more))
        return [found for address in table[host] for found in real(address, port, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return table


@asynccontextmanager
async def open_calls(*, unrestricted: bool = False) -> AsyncIterator[HttpRobotCalls]:
    calls = HttpRobotCalls(2.0, 2.0, time.time, unrestricted=unrestricted)
    yield calls
    await calls.close()


async def send_job(calls: HttpRobotCalls, base_url: str) -> RobotAnswer:
    # Without validation, because the store may contain robots that were accepted by older rules.
    robot = Robot.model_construct(id=new_id(), name="r", base_url=base_url, description="", owner="")
    return await calls.send_job(robot, "secret", JOB)


@asynccontextmanager
async def listen() -> AsyncIterator[tuple[int, list[str]]]:
    """Listen on the loopback interface. Yield the port, and the list of connections."""
    connections: list[str] = []

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append("connected")
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], connections


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_recognised(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_recognised(address: str) -> None:
    assert is_public(address)


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("url", DISGUISED)
async def test_a_disguised_address_is_refused_at_registration_and_at_the_call(url: str) -> None:
    async with open_calls() as calls:
        faults = await calls.find_address_faults(url)
        assert faults
        assert all("base_url" in fault and fault.endswith(".") for fault in faults)
        answer = await send_job(calls, url)
    assert answer.http_status is None
    assert answer.retryable


@pytest.mark.usefixtures("names")
async def test_a_public_address_is_accepted() -> None:
    async with open_calls() as calls:
        assert await calls.find_address_faults("https://public.test/robots/tagger") == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost"])
async def test_no_connection_is_made_to_a_local_address(host: str) -> None:
    async with listen() as (port, connections), open_calls() as calls:
        answer = await send_job(calls, f"https://{host}:{port}")
        assert answer.http_status is None
        assert connections == []
        # Without the restriction the same call connects.
        async with open_calls(unrestricted=True) as unguarded:
            await send_job(unguarded, f"https://{host}:{port}")
        assert connections


async def test_a_name_that_resolves_differently_after_its_check_is_refused(names: dict[str, list[str]]) -> None:
    async with listen() as (port, connections), open_calls() as calls:
        assert await calls.find_address_faults(f"https://public.test:{port}") == []
        names["public.test"] = ["127.0.0.1"]
        answer = await send_job(calls, f"https://public.test:{port}")
        assert answer.message == "the connection failed (ClientConnectorError)"
        # Nor does the connector try the next address of the name.
        names["public.test"] = ["127.0.0.1", "127.0.0.2"]
        await send_job(calls, f"https://public.test:{port}")
    assert connections == []


async def test_a_redirect_to_a_metadata_service_is_not_followed() -> None:
    paths: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=307, headers={"Location": "http://169.254.169.254/metadata/identity/oauth2/token"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", redirect)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with open_calls(unrestricted=True) as calls:
        answer = await send_job(calls, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
    assert (answer.http_status, answer.retryable, paths) == (307, False, ["/batch/"])


async def test_an_endless_answer_is_read_up_to_a_limit() -> None:
    sent = 0

    async def answer_endlessly(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=422)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65_536)
            sent += 65_536

    app = web.Application()
    app.router.add_post("/batch/", answer_endlessly)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with open_calls(unrestricted=True) as calls:
        answer = await send_job(calls, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()
    assert answer.http_status == 422
    assert len(answer.message) <= 2_002
    assert sent < 50_000_000


async def test_slow_name_servers_do_not_hold_up_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def wait(*_: Any, **__: Any) -> list[Any]:
        released.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    async with open_calls() as calls:
        resolutions = [asyncio.create_task(calls.find_address_faults("https://slow.test")) for _ in range(50)]
        await asyncio.sleep(0.1)
        # Validation and import run in the threads of the event loop.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "done"), timeout=10) == "done"
        assert not any(task.done() for task in resolutions)
        released.set()
        await asyncio.gather(*resolutions)


@asynccontextmanager
async def open_webhook_calls() -> AsyncIterator[HttpWebhookCalls]:
    calls = HttpWebhookCalls(2.0, time.time, unrestricted=False)
    yield calls
    await calls.close()


@pytest.mark.usefixtures("names")
@pytest.mark.parametrize("url", DISGUISED)
async def test_a_disguised_address_of_a_webhook_is_refused_at_its_creation_and_at_the_call(url: str) -> None:
    async with open_webhook_calls() as calls:
        faults = await calls.find_address_faults(url)
        assert faults
        assert all("url" in fault and "base_url" not in fault and fault.endswith(".") for fault in faults)
        answer = await calls.post(url, [SECRET], DELIVERY)
    assert (answer.http_status, answer.accepted) == (None, False)


async def test_a_name_of_a_webhook_that_becomes_private_is_refused(names: dict[str, list[str]]) -> None:
    async with listen() as (port, connections), open_webhook_calls() as calls:
        assert await calls.find_address_faults(f"https://public.test:{port}") == []
        names["public.test"] = ["127.0.0.1"]
        answer = await calls.post(f"https://public.test:{port}", [SECRET], DELIVERY)
    assert answer.reason == "the connection failed (ClientConnectorError)"
    assert connections == []
