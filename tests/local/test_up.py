"""The supervisor: everything is there while it runs, and nothing once it has ended, however it ended."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.cosmos.aio import CosmosClient
from azure.servicebus import ServiceBusClient
from azure.storage.blob import BlobServiceClient

from tests.local.supervised import COMMAND, ROOT, Supervised, eventually, supervised

TOPOLOGY = json.loads((ROOT / "infra" / "topology.json").read_text())
PARTS = {"azurite", "cosmos", "servicebus", "issuer", "host"}

# It tells of its environment, and prints more than a pipe holds.
APP = """\
import os
from pathlib import Path
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
FILES = [path.name for path in Path(os.environ.get("WATCHED", ".")).glob("*.json")]
print("imported")

@app.route(route="settings/{name}", methods=["GET"])
async def settings(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(os.environ.get(req.route_params["name"], "none"))

@app.route(route="files", methods=["GET"])
async def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(" ".join(FILES))

@app.route(route="chatter", methods=["GET"])
async def chatter(req: func.HttpRequest) -> func.HttpResponse:
    print("\\n".join(["said much"] * 100_000), flush=True)
    return func.HttpResponse("done")
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "function_app.py").write_text(APP)
    (folder / "host.json").write_text('{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}')
    return "--app", folder / "function_app.py", "--host-json", folder / "host.json"


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    with supervised(tmp_path_factory.mktemp("emulators"), "--emulators-only") as run:
        run.up()
        yield run


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 - the address of our own stack
        text: str = response.read().decode()
        return text


# What is there


def test_stack_json_says_where_the_parts_are(emulators: Supervised) -> None:
    addresses = emulators.up()
    assert list(addresses) == ["blob", "cosmos", "servicebus", "issuer"]
    assert all(address in emulators.said() for address in addresses.values())
    assert emulators.parts().keys() == PARTS - {"host"}


def test_the_blob_containers_exist(emulators: Supervised) -> None:
    with BlobServiceClient.from_connection_string(emulators.settings()["DATA_STORAGE"]) as blobs:
        assert {found.name for found in blobs.list_containers()} == set(TOPOLOGY["blobContainers"])


async def test_the_cosmos_containers_have_their_keys_and_indexes(emulators: Supervised) -> None:
    settings = emulators.settings()
    async with CosmosClient(settings["COSMOS_ENDPOINT"], settings["COSMOS_KEY"]) as cosmos:
        database = cosmos.get_database_client(settings["COSMOS_DATABASE"])
        found = [
            {
                "name": one["id"],
                "partitionKey": one["partitionKey"]["paths"][0],
                "uniqueKeys": [path for unique in one["uniqueKeyPolicy"]["uniqueKeys"] for path in unique["paths"]],
                "indexed": [path["path"] for path in one["indexingPolicy"].get("includedPaths", [])],
                "indexedTogether": one["indexingPolicy"].get("compositeIndexes", []),
            }
            async for one in database.list_containers()
        ]
    assert sorted(found, key=str) == sorted(TOPOLOGY["cosmos"]["containers"], key=str)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_cosmos_certificate_is_of_this_machine(emulators: Supervised, host: str) -> None:
    port = urlsplit(emulators.up()["cosmos"]).port
    trust = ssl.create_default_context(cafile=emulators.settings()["SSL_CERT_FILE"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname=host) as secured,
    ):
        assert secured.version()


def test_the_queues_answer(emulators: Supervised) -> None:
    with ServiceBusClient.from_connection_string(emulators.settings()["SERVICE_BUS"]) as bus:
        for queue in TOPOLOGY["queues"]:
            with bus.get_queue_receiver(queue["name"]) as receiver:
                assert receiver.peek_messages() == []


def test_a_proxy_for_the_outside_is_no_obstacle(tmp_path: Path, unused_tcp_port: int) -> None:
    proxy = dict.fromkeys(("http_proxy", "https_proxy"), f"http://127.0.0.1:{unused_tcp_port}")
    with supervised(tmp_path, "--emulators-only", environment=proxy) as run:
        run.up()


# What the function app gets


def test_settings_are_the_samples_then_the_stacks_then_the_callers(tmp_path: Path, app: tuple[object, ...]) -> None:
    ours = ("--set", "ROBOT_CALL_TIMEOUT_S=1=2", "--set", "COSMOS_DATABASE=mine", "--set", f"WATCHED={tmp_path}")
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    with supervised(tmp_path, *app, "--set", "COSMOS_DATABASE=earlier", *ours) as run:
        addresses = run.up()
        written = run.settings()
        expected = {
            "PROGRESS_ATTEMPTS": sample["PROGRESS_ATTEMPTS"],
            "COSMOS_ENDPOINT": addresses["cosmos"],
            "COSMOS_DATABASE": "mine",
            "ROBOT_CALL_TIMEOUT_S": "1=2",
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureWebJobsStorage": written["DATA_STORAGE"],
        }
        assert {name: fetch(f"{addresses['api']}/settings/{name}") for name in expected} == expected
        assert expected.items() <= written.items()
        assert written.keys() >= sample.keys()
        assert fetch(f"{addresses['api']}/files") == "local.settings.json", "what lay there when the app was loaded"


def test_an_app_that_prints_is_not_held_up(tmp_path: Path, app: tuple[object, ...]) -> None:
    with supervised(tmp_path, *app) as run:
        assert fetch(f"{run.up()['api']}/chatter") == "done"
        log = tmp_path / "logs" / "host.log"
        assert "imported" in log.read_text()
        eventually(lambda: log.read_text().count("said much") == 100_000, "what the app printed, in the log")


# What ends it


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_well(tmp_path: Path, app: tuple[object, ...], how: signal.Signals) -> None:
    with supervised(tmp_path, *app) as run:
        run.up()
        ports = run.ports()
        assert run.parts().keys() == PARTS
        assert len(ports) == 6
        run.started.send_signal(how)
        assert run.ended() == 0, run.said()
        assert not run.ready.exists()
        run.nothing_left(ports)


def test_the_end_of_stdin_ends_it_if_that_is_its_lifeline(tmp_path: Path, app: tuple[object, ...]) -> None:
    with supervised(tmp_path, *app, "--lifeline") as run:
        run.up()
        ports = run.ports()
        assert run.started.stdin
        run.started.stdin.close()
        assert run.ended() == 0, run.said()
        run.nothing_left(ports)


def test_the_end_of_stdin_is_nothing_otherwise(emulators: Supervised) -> None:
    assert emulators.started.stdin
    emulators.started.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        emulators.started.wait(1)


def test_kill_leaves_no_process_and_no_lock(tmp_path: Path, app: tuple[object, ...]) -> None:
    with supervised(tmp_path, *app) as run:
        before = run.up()
        ports = run.ports()
        run.started.kill()
        run.nothing_left(ports)
    assert run.up() == before, "a killed one can't remove it"
    with supervised(tmp_path, *app) as again:
        eventually(lambda: not again.ready.exists(), "the stale stack.json removed")
        assert again.up() != before


def test_the_end_of_its_parent_ends_it(tmp_path: Path, app: tuple[object, ...]) -> None:
    parent = "import subprocess, sys; started = subprocess.Popen(sys.argv[1:]); print(started.pid); started.wait()"
    command = (sys.executable, "-u", "-c", parent, *COMMAND)
    with supervised(tmp_path, *app, command=command, stdin=subprocess.DEVNULL) as run:
        eventually(run.said, "the supervisor's process id")
        run.pid = int(run.said().split()[0])
        run.up()
        ports = run.ports()
        run.started.kill()
        run.nothing_left(ports)
        eventually(lambda: not run.ready.exists(), "stack.json removed")


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_crash_of_one_part_ends_it_and_is_named(tmp_path: Path, app: tuple[object, ...], name: str) -> None:
    with supervised(tmp_path, *app) as run:
        run.up()
        ports = run.ports()
        os.kill(run.parts()[name].pid, signal.SIGKILL)
        assert run.ended() == 1
        assert f"{name} ended by itself" in run.said()
        assert f"logs/{name}.log" in run.said()
        assert "Traceback" not in run.said()
        assert not run.ready.exists()
        run.nothing_left(ports)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_it_ends_while_it_starts(tmp_path: Path, how: signal.Signals, code: int) -> None:
    with supervised(tmp_path, "--emulators-only") as run:
        eventually(run.parts, "a first part")
        run.started.send_signal(how)
        assert run.ended() == code
        assert not run.ready.exists()
        run.nothing_left(set())
        assert "Traceback" not in run.said()
