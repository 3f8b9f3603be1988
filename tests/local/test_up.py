"""`python -m local.up`: the stack is complete while it runs, and leaves nothing behind however it ends."""

import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.cosmos.aio import CosmosClient
from azure.servicebus import ServiceBusClient
from azure.storage.blob import BlobServiceClient, generate_container_sas

from tests.local.running_stack import COMMAND, ROOT, RunningStack, started_stack, wait_until
from tests.tiers import choose

TOPOLOGY = json.loads((ROOT / "infra" / "topology.json").read_text())
COMPONENTS = {"azurite", "cosmos", "servicebus", "issuer", "host"}

# The app returns its environment, and prints more than a pipe can hold.
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
    print("\\n".join(["a line"] * 100_000), flush=True)
    return func.HttpResponse("done")
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "function_app.py").write_text(APP)
    (folder / "host.json").write_text('{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}')
    return "--app", folder / "function_app.py", "--host-json", folder / "host.json"


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with started_stack(tmp_path_factory.mktemp("emulators"), "--emulators-only") as run:
        run.wait_until_up()
        yield run


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310 - the address of our own stack
        text: str = response.read().decode()
        return text


# The emulators


def test_stack_json_has_the_addresses_of_the_components(emulators: RunningStack) -> None:
    addresses = emulators.wait_until_up()
    assert list(addresses) == ["blob", "cosmos", "servicebus", "issuer", "sign_in"]
    assert all(address in emulators.read_output() for address in addresses.values())
    assert emulators.find_components().keys() == COMPONENTS - {"host"}


def test_only_its_owner_can_read_what_has_secrets(emulators: RunningStack) -> None:
    files = ("stack.json", "local.settings.json", "issuer.pem", "tls/server.key")
    assert {stat.S_IMODE((emulators.folder / name).stat().st_mode) for name in files} == {0o600}


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("127.0.0.1", "/devstoreaccount1/results", 200),
        ("localhost:10000", "/devstoreaccount1/results", 200),
        # Azurite takes the account from the name of the host.
        ("devstoreaccount1.evil.example", "/results", 421),
        ("evil.example", "/devstoreaccount1/results", 421),
    ],
)
def test_the_storage_refuses_requests_for_another_host(
    emulators: RunningStack, host: str, path: str, status: int
) -> None:
    address = urlsplit(emulators.wait_until_up()["blob"])
    key = re.findall("AccountKey=([^;]+)", emulators.read_settings()["DATA_STORAGE"])[0]
    expiry = datetime.now(UTC) + timedelta(minutes=5)
    signature = generate_container_sas("devstoreaccount1", "results", account_key=key, permission="l", expiry=expiry)
    connection = HTTPConnection(address.netloc, timeout=20)
    connection.request("GET", f"{path}?restype=container&comp=list&{signature}", headers={"Host": host})
    assert connection.getresponse().status == status
    connection.close()


def test_the_blob_containers_exist(emulators: RunningStack) -> None:
    with BlobServiceClient.from_connection_string(emulators.read_settings()["DATA_STORAGE"]) as blobs:
        assert {found.name for found in blobs.list_containers()} == set(TOPOLOGY["blobContainers"])


async def test_the_cosmos_containers_have_their_keys_and_indexes(emulators: RunningStack) -> None:
    settings = emulators.read_settings()
    async with CosmosClient(settings["COSMOS_ENDPOINT"], settings["COSMOS_KEY"]) as cosmos:
        database = cosmos.get_database_client(settings["COSMOS_DATABASE"])
        found = [
            {
                "name": container["id"],
                "partitionKey": container["partitionKey"]["paths"][0],
                "uniqueKeys": [
                    path for unique in container["uniqueKeyPolicy"]["uniqueKeys"] for path in unique["paths"]
                ],
                "indexed": [path["path"] for path in container["indexingPolicy"].get("includedPaths", [])],
                "indexedTogether": container["indexingPolicy"].get("compositeIndexes", []),
            }
            async for container in database.list_containers()
        ]
    assert sorted(found, key=str) == sorted(TOPOLOGY["cosmos"]["containers"], key=str)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_cosmos_certificate_is_valid_for_this_machine(emulators: RunningStack, host: str) -> None:
    port = urlsplit(emulators.wait_until_up()["cosmos"]).port
    trust = ssl.create_default_context(cafile=emulators.read_settings()["SSL_CERT_FILE"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname=host) as secured,
    ):
        assert secured.version()


def test_the_queues_answer(emulators: RunningStack) -> None:
    with ServiceBusClient.from_connection_string(emulators.read_settings()["SERVICE_BUS"]) as bus:
        for queue in TOPOLOGY["queues"]:
            with bus.get_queue_receiver(queue["name"]) as receiver:
                assert receiver.peek_messages() == []


@pytest.mark.exhaustive
def test_the_stack_starts_with_a_proxy_in_the_environment(tmp_path: Path, unused_tcp_port: int) -> None:
    proxy = dict.fromkeys(("http_proxy", "https_proxy"), f"http://127.0.0.1:{unused_tcp_port}")
    with started_stack(tmp_path, "--emulators-only", environment=proxy) as run:
        run.wait_until_up()


# The function app


def test_stack_settings_replace_the_samples_and_set_replaces_both(tmp_path: Path, app: tuple[object, ...]) -> None:
    overrides = ("--set", "ROBOT_CALL_TIMEOUT_S=1=2", "--set", "COSMOS_DATABASE=mine", "--set", f"WATCHED={tmp_path}")
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    with started_stack(tmp_path, *app, "--set", "COSMOS_DATABASE=earlier", *overrides) as run:
        addresses = run.wait_until_up()
        written = run.read_settings()
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
        assert fetch(f"{addresses['api']}/files") == "local.settings.json", (
            "the settings file must exist when the app is loaded"
        )


@pytest.mark.exhaustive
def test_an_app_that_prints_much_is_not_blocked(tmp_path: Path, app: tuple[object, ...]) -> None:
    with started_stack(tmp_path, *app) as run:
        api = run.wait_until_up()["api"]
        wait_until(lambda: f"docs       {api}/docs\n" in run.read_output(), "address of the documentation")
        assert fetch(f"{api}/chatter") == "done"
        log = tmp_path / "logs" / "host.log"
        assert "imported" in log.read_text()
        wait_until(lambda: log.read_text().count("a line") == 100_000, "output of the app in the log")


# The end


@pytest.mark.parametrize("number", choose([signal.SIGTERM, signal.SIGINT, signal.SIGHUP], one_in=3))
def test_a_signal_stops_the_stack(tmp_path: Path, app: tuple[object, ...], number: signal.Signals) -> None:
    with started_stack(tmp_path, *app) as run:
        run.wait_until_up()
        ports = run.find_ports()
        assert run.find_components().keys() == COMPONENTS
        # The blob, queue, API and message ports, that of Cosmos DB, and two of the issuer.
        assert len(ports) == 7
        run.started.send_signal(number)
        assert run.wait() == 0, run.read_output()
        assert not run.ready.exists()
        run.assert_nothing_left(ports)


@pytest.mark.exhaustive
def test_the_end_of_stdin_stops_the_stack_with_exit_with_stdin(tmp_path: Path, app: tuple[object, ...]) -> None:
    with started_stack(tmp_path, *app, "--exit-with-stdin") as run:
        run.wait_until_up()
        ports = run.find_ports()
        assert run.started.stdin
        run.started.stdin.close()
        assert run.wait() == 0, run.read_output()
        run.assert_nothing_left(ports)


def test_the_end_of_stdin_has_no_effect_otherwise(emulators: RunningStack) -> None:
    assert emulators.started.stdin
    emulators.started.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        emulators.started.wait(1)


def test_a_killed_stack_leaves_no_process_and_no_lock(tmp_path: Path, app: tuple[object, ...]) -> None:
    with started_stack(tmp_path, *app) as run:
        before = run.wait_until_up()
        ports = run.find_ports()
        run.started.kill()
        run.assert_nothing_left(ports)
    assert run.wait_until_up() == before, "a killed stack cannot remove the file"
    with started_stack(tmp_path, *app) as again:
        wait_until(lambda: not again.ready.exists(), "removal of the old stack.json")
        assert again.wait_until_up() != before


def test_the_end_of_its_parent_stops_the_stack(tmp_path: Path, app: tuple[object, ...]) -> None:
    parent = "import subprocess, sys; started = subprocess.Popen(sys.argv[1:]); print(started.pid); started.wait()"
    command = (sys.executable, "-u", "-c", parent, *COMMAND)
    with started_stack(tmp_path, *app, command=command, stdin=subprocess.DEVNULL) as run:
        wait_until(run.read_output, "process id in the output")
        run.pid = int(run.read_output().split()[0])
        run.wait_until_up()
        ports = run.find_ports()
        run.started.kill()
        run.assert_nothing_left(ports)
        wait_until(lambda: not run.ready.exists(), "removal of stack.json")


@pytest.mark.parametrize("name", choose(sorted(COMPONENTS), one_in=5))
def test_a_crash_stops_the_stack_and_is_reported(tmp_path: Path, app: tuple[object, ...], name: str) -> None:
    with started_stack(tmp_path, *app) as run:
        run.wait_until_up()
        ports = run.find_ports()
        os.kill(run.find_components()[name].pid, signal.SIGKILL)
        assert run.wait() == 1
        assert f"{name} ended by itself" in run.read_output()
        assert f"logs/{name}.log" in run.read_output()
        assert "Traceback" not in run.read_output()
        assert not run.ready.exists()
        run.assert_nothing_left(ports)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_signal_stops_the_stack_while_it_starts(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with started_stack(tmp_path, "--emulators-only") as run:
        wait_until(run.find_components, "component")
        run.started.send_signal(number)
        assert run.wait() == code
        assert not run.ready.exists()
        run.assert_nothing_left(set())
        assert "Traceback" not in run.read_output()
