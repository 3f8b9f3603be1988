import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from local.app_settings import stack_settings
from tests.local.host.apps import App, Host
from tests.local.host.emulators import azurite
from tests.local.host.processes import until

TRIGGER = """
@app.blob_trigger(arg_name="blob", path="%CONTAINER%/{name}", connection="STORE", source=func.BlobSource.EVENT_GRID)
"""
BY_NAME = f"""
{TRIGGER}
async def take(blob: BlobClient) -> None:
    say(container=blob.container_name, name=blob.blob_name, content=blob.download_blob().readall().decode())
"""
BY_CONTENT = f"""
{TRIGGER}
def take(blob: func.InputStream) -> None:
    say(name=blob.name, length=blob.length, content=blob.read().decode())
"""
RAISES = f"""
{TRIGGER}
async def take(blob: BlobClient) -> None:
    say(name=blob.blob_name)
    raise ValueError("never")
"""
RAISES_TWICE = f"""
{TRIGGER}
async def take(blob: BlobClient) -> None:
    say(name=blob.blob_name)
    if len(said()) <= 2:
        raise ValueError("not yet")
"""
DELETES_AND_RAISES = f"""
{TRIGGER}
def take(blob: BlobClient) -> None:
    say(name=blob.blob_name)
    blob.delete_blob()
    raise ValueError("and it is gone")
"""
AT_ONCE = f"""
running = 0
{TRIGGER}
async def take(blob: BlobClient) -> None:
    global running
    running += 1
    await asyncio.sleep(0.2)
    say(running=running)
    running -= 1
"""
JSONL_ONLY = """
@app.blob_trigger(arg_name="blob", path="%CONTAINER%/in/{name}.jsonl", connection="STORE", source="EventGrid")
async def take(blob: BlobClient) -> None:
    say(name=blob.blob_name)
"""


@contextmanager
def watching(app: App, storage: str, container: str, *options: str) -> Iterator[Host]:
    with app.running(*options, STORE=storage, CONTAINER=container, LOCAL_BLOB_POLL_SECONDS="0.05") as host:
        yield host


def names(app: App) -> list[str]:
    return [said["name"] for said in app.said]


def count_poison_queue(poison: QueueClient, container: ContainerClient) -> list[Mapping[str, Any]]:
    """List what the poison queue has on a container; the queue need not be there yet."""
    try:
        words = [json.loads(message.content) for message in poison.peek_messages(32)]
    except ResourceNotFoundError:
        return []
    return [word for word in words if word["ContainerName"] == container.container_name]


def test_gives_a_client_of_the_blob(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_NAME)
    with watching(app, storage, container.container_name):
        container.upload_blob("a/b.jsonl", b"one")
        until(lambda: app.said)
    assert app.said == [{"container": container.container_name, "name": "a/b.jsonl", "content": "one"}]


def test_gives_the_content(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_CONTENT)
    with watching(app, storage, container.container_name):
        container.upload_blob("b.txt", b"one")
        until(lambda: app.said)
    assert app.said == [{"name": f"{container.container_name}/b.txt", "length": 3, "content": "one"}]


def test_each_upload_is_an_event(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_NAME)
    with watching(app, storage, container.container_name):
        for content in ("one", "two", "two"):
            seen = len(app.said)
            container.upload_blob("b", content, overwrite=True)
            until(lambda seen=seen: len(app.said) > seen)  # type: ignore[misc] # mypy infers no lambda with a default
    assert [said["content"] for said in app.said] == ["one", "two", "two"]


def test_goes_by_the_pattern_of_the_path(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, JSONL_ONLY)
    for name in ("b.jsonl", "in/b.txt", "in/b.jsonl"):
        container.upload_blob(name, b"one")
    with watching(app, storage, container.container_name):
        until(lambda: app.said)
        container.upload_blob("in/last.jsonl", b"one")
        until(lambda: "in/last.jsonl" in names(app))
    assert names(app) == ["in/b.jsonl", "in/last.jsonl"]


def test_five_tries_then_the_poison_queue(
    tmp_path: Path, storage: str, container: ContainerClient, poison: QueueClient
) -> None:
    app = App(tmp_path, RAISES)
    uploaded = container.upload_blob("bad", b"one").get_blob_properties()
    with watching(app, storage, container.container_name) as host:
        [word] = until(lambda: poisoned(poison, container))
        # A later blob is handled still.
        container.upload_blob("worse", b"one")
        until(lambda: len(poisoned(poison, container)) == 2)
        assert "Message has reached MaxDequeueCount of 5" in host.process.log
    assert names(app) == ["bad"] * 5 + ["worse"] * 5
    assert word == {
        "Type": "BlobTrigger",
        "FunctionId": "Host.Functions.take",
        "BlobType": "BlockBlob",
        "ContainerName": container.container_name,
        "BlobName": "bad",
        "ETag": uploaded.etag.strip('"'),
    }


def test_host_json_says_how_many_tries(
    tmp_path: Path, storage: str, container: ContainerClient, poison: QueueClient
) -> None:
    app = App(tmp_path, RAISES, {"blobs": {"poisonBlobThreshold": 2}})
    container.upload_blob("bad", b"one")
    with watching(app, storage, container.container_name):
        until(lambda: poisoned(poison, container))
    assert names(app) == ["bad"] * 2


def test_tries_again_at_once_until_it_succeeds(
    tmp_path: Path, storage: str, container: ContainerClient, poison: QueueClient
) -> None:
    app = App(tmp_path, RAISES_TWICE)
    container.upload_blob("late", b"one")
    with watching(app, storage, container.container_name):
        until(lambda: len(app.said) >= 3)
        container.upload_blob("last", b"one")
        until(lambda: "last" in names(app))
    assert names(app) == ["late"] * 3 + ["last"]
    assert not poisoned(poison, container)


def test_an_event_whose_blob_is_gone_is_dropped(
    tmp_path: Path, storage: str, container: ContainerClient, poison: QueueClient
) -> None:
    app = App(tmp_path, DELETES_AND_RAISES)
    with watching(app, storage, container.container_name) as host:
        container.upload_blob("gone", b"one")
        until(lambda: app.said)
        container.upload_blob("gone-too", b"one")
        until(lambda: len(app.said) == 2)
        until(lambda: host.process.log.count("Traceback") == 2)
    assert names(app) == ["gone", "gone-too"]
    assert not poisoned(poison, container)


def test_handles_as_many_at_once_as_host_json_says(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    for number in range(7):
        container.upload_blob(str(number), b"one")
    app = App(tmp_path, AT_ONCE, {"blobs": {"maxDegreeOfParallelism": 3}})
    with watching(app, storage, container.container_name):
        until(lambda: len(app.said) == 7)
    assert max(said["running"] for said in app.said) == 3


def test_a_host_that_starts_anew_gives_the_events_again(
    tmp_path: Path, storage: str, container: ContainerClient
) -> None:
    app = App(tmp_path, BY_NAME)
    container.upload_blob("b", b"one")
    for times in (1, 2):
        with watching(app, storage, container.container_name):
            until(lambda times=times: len(app.said) == times)  # type: ignore[misc] # mypy infers no lambda with a default


def test_everything_twice(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_NAME, {"blobs": {"maxDegreeOfParallelism": 1}})
    with watching(app, storage, container.container_name, "--every-event-twice"):
        container.upload_blob("a", b"one")
        until(lambda: len(app.said) == 2)
        container.upload_blob("b", b"one")
        until(lambda: len(app.said) == 4)
    assert names(app) == ["a", "a", "b", "b"]


def test_waits_for_a_container_that_is_still_to_be_made(tmp_path: Path, storage: str) -> None:
    app = App(tmp_path, BY_NAME)
    with (
        BlobServiceClient.from_connection_string(storage, use_env_settings=False) as blobs,
        watching(app, storage, "later") as host,
    ):
        blobs.create_container("later").upload_blob("b", b"one")
        until(lambda: app.said)
        assert "WARNING host" not in host.process.log


def test_watches_on_when_the_store_is_back(tmp_path: Path, unused_tcp_port: int) -> None:
    app = App(tmp_path, BY_NAME)
    storage = stack_settings({"blob": unused_tcp_port, "queue": 0, "servicebus": 0, "cosmos": 0, "issuer": 0}, Path())[
        "DATA_STORAGE"
    ]
    with watching(app, storage, "results") as host:
        until(lambda: "the container is away" in host.process.log)
        with (
            azurite(tmp_path, unused_tcp_port),
            BlobServiceClient.from_connection_string(storage, use_env_settings=False) as blobs,
        ):
            blobs.create_container("results").upload_blob("b", b"one")
            until(lambda: app.said)
        assert host.process.log.count("the container is away") == 1
