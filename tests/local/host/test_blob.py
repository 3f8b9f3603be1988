import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient

from local.app_settings import make_stack_settings
from tests.local.host.apps import App, Host
from tests.local.host.emulators import azurite
from tests.local.host.processes import wait_until

TRIGGER = """
@app.blob_trigger(arg_name="blob", path="%CONTAINER%/{name}", connection="STORE", source=func.BlobSource.EVENT_GRID)
"""
BY_NAME = f"""
{TRIGGER}
async def handle(blob: BlobClient) -> None:
    record(container=blob.container_name, name=blob.blob_name, content=blob.download_blob().readall().decode())
"""
BY_CONTENT = f"""
{TRIGGER}
def handle(blob: func.InputStream) -> None:
    record(name=blob.name, length=blob.length, content=blob.read().decode())
"""
RAISES = f"""
{TRIGGER}
async def handle(blob: BlobClient) -> None:
    record(name=blob.blob_name)
    raise ValueError("never")
"""
RAISES_TWICE = f"""
{TRIGGER}
async def handle(blob: BlobClient) -> None:
    record(name=blob.blob_name)
    if len(read_records()) <= 2:
        raise ValueError("not yet")
"""
DELETES_AND_RAISES = f"""
{TRIGGER}
def handle(blob: BlobClient) -> None:
    record(name=blob.blob_name)
    blob.delete_blob()
    raise ValueError("and it is gone")
"""
CONCURRENT = f"""
running = 0
{TRIGGER}
async def handle(blob: BlobClient) -> None:
    global running
    running += 1
    await asyncio.sleep(0.2)
    record(running=running)
    running -= 1
"""
JSONL_ONLY = """
@app.blob_trigger(arg_name="blob", path="%CONTAINER%/in/{name}.jsonl", connection="STORE", source="EventGrid")
async def handle(blob: BlobClient) -> None:
    record(name=blob.blob_name)
"""


@contextmanager
def running_host(app: App, storage: str, container: str, *options: str) -> Iterator[Host]:
    with app.running(*options, STORE=storage, CONTAINER=container, LOCAL_BLOB_POLL_SECONDS="0.05") as host:
        yield host


def list_names(app: App) -> list[str]:
    return [entry["name"] for entry in app.records]


def list_poison_messages(poison_queue: QueueClient, container: ContainerClient) -> list[Mapping[str, Any]]:
    """Return the messages of the poison queue about a container. Without a poison queue there are none."""
    try:
        messages = [json.loads(message.content) for message in poison_queue.peek_messages(32)]
    except ResourceNotFoundError:
        return []
    return [message for message in messages if message["ContainerName"] == container.container_name]


def test_a_function_receives_a_client_of_the_blob(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_NAME)
    with running_host(app, storage, container.container_name):
        container.upload_blob("a/b.jsonl", b"one")
        wait_until(lambda: app.records)
    assert app.records == [{"container": container.container_name, "name": "a/b.jsonl", "content": "one"}]


def test_a_function_receives_the_content_of_the_blob(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_CONTENT)
    with running_host(app, storage, container.container_name):
        container.upload_blob("b.txt", b"one")
        wait_until(lambda: app.records)
    assert app.records == [{"name": f"{container.container_name}/b.txt", "length": 3, "content": "one"}]


def test_each_upload_is_delivered(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_NAME)
    with running_host(app, storage, container.container_name):
        for content in ("one", "two", "two"):
            seen = len(app.records)
            container.upload_blob("b", content, overwrite=True)
            wait_until(lambda seen=seen: len(app.records) > seen)  # type: ignore[misc] # mypy infers no lambda with a default
    assert [entry["content"] for entry in app.records] == ["one", "two", "two"]


def test_only_blobs_that_match_the_path_are_delivered(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, JSONL_ONLY)
    for name in ("b.jsonl", "in/b.txt", "in/b.jsonl"):
        container.upload_blob(name, b"one")
    with running_host(app, storage, container.container_name):
        wait_until(lambda: app.records)
        container.upload_blob("in/last.jsonl", b"one")
        wait_until(lambda: "in/last.jsonl" in list_names(app))
    assert list_names(app) == ["in/b.jsonl", "in/last.jsonl"]


def test_a_copy_is_not_delivered(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_NAME)
    source = container.upload_blob("source", b"one")
    container.get_blob_client("copy").start_copy_from_url(source.url)
    with running_host(app, storage, container.container_name):
        container.upload_blob("last", b"one")
        wait_until(lambda: {"source", "last"} <= set(list_names(app)))
        container.upload_blob("copy", b"two", overwrite=True)
        wait_until(lambda: "copy" in list_names(app))
    assert [entry["content"] for entry in app.records if entry["name"] == "copy"] == ["two"]


def test_five_failures_end_in_the_poison_queue(
    tmp_path: Path, storage: str, container: ContainerClient, poison_queue: QueueClient
) -> None:
    app = App(tmp_path, RAISES)
    uploaded = container.upload_blob("bad", b"one").get_blob_properties()
    with running_host(app, storage, container.container_name) as host:
        [message] = wait_until(lambda: list_poison_messages(poison_queue, container))
        # A later blob is still delivered.
        container.upload_blob("worse", b"one")
        wait_until(lambda: len(list_poison_messages(poison_queue, container)) == 2)
        assert "Message has reached MaxDequeueCount of 5" in host.process.log
    assert list_names(app) == ["bad"] * 5 + ["worse"] * 5
    assert message == {
        "Type": "BlobTrigger",
        "FunctionId": "Host.Functions.handle",
        "BlobType": "BlockBlob",
        "ContainerName": container.container_name,
        "BlobName": "bad",
        "ETag": uploaded.etag.strip('"'),
    }


def test_host_json_sets_the_number_of_attempts(
    tmp_path: Path, storage: str, container: ContainerClient, poison_queue: QueueClient
) -> None:
    app = App(tmp_path, RAISES, {"blobs": {"poisonBlobThreshold": 2}})
    container.upload_blob("bad", b"one")
    with running_host(app, storage, container.container_name):
        wait_until(lambda: list_poison_messages(poison_queue, container))
    assert list_names(app) == ["bad"] * 2


def test_a_failure_is_retried_at_once_until_it_succeeds(
    tmp_path: Path, storage: str, container: ContainerClient, poison_queue: QueueClient
) -> None:
    app = App(tmp_path, RAISES_TWICE)
    container.upload_blob("late", b"one")
    with running_host(app, storage, container.container_name):
        wait_until(lambda: len(app.records) >= 3)
        container.upload_blob("last", b"one")
        wait_until(lambda: "last" in list_names(app))
    assert list_names(app) == ["late"] * 3 + ["last"]
    assert not list_poison_messages(poison_queue, container)


def test_an_event_whose_blob_was_deleted_is_dropped(
    tmp_path: Path, storage: str, container: ContainerClient, poison_queue: QueueClient
) -> None:
    app = App(tmp_path, DELETES_AND_RAISES)
    with running_host(app, storage, container.container_name) as host:
        container.upload_blob("gone", b"one")
        wait_until(lambda: app.records)
        container.upload_blob("gone-too", b"one")
        wait_until(lambda: len(app.records) == 2)
        wait_until(lambda: host.process.log.count("Traceback") == 2)
    assert list_names(app) == ["gone", "gone-too"]
    assert not list_poison_messages(poison_queue, container)


def test_host_json_limits_the_concurrent_calls(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    for number in range(7):
        container.upload_blob(str(number), b"one")
    app = App(tmp_path, CONCURRENT, {"blobs": {"maxDegreeOfParallelism": 3}})
    with running_host(app, storage, container.container_name):
        wait_until(lambda: len(app.records) == 7)
    assert max(entry["running"] for entry in app.records) == 3


@pytest.mark.exhaustive
def test_a_restarted_host_delivers_existing_blobs_again(
    tmp_path: Path, storage: str, container: ContainerClient
) -> None:
    app = App(tmp_path, BY_NAME)
    container.upload_blob("b", b"one")
    for times in (1, 2):
        with running_host(app, storage, container.container_name):
            wait_until(lambda times=times: len(app.records) == times)  # type: ignore[misc] # mypy infers no lambda with a default


def test_every_event_is_delivered_twice_on_request(tmp_path: Path, storage: str, container: ContainerClient) -> None:
    app = App(tmp_path, BY_NAME, {"blobs": {"maxDegreeOfParallelism": 1}})
    with running_host(app, storage, container.container_name, "--every-event-twice"):
        container.upload_blob("a", b"one")
        wait_until(lambda: len(app.records) == 2)
        container.upload_blob("b", b"one")
        wait_until(lambda: len(app.records) == 4)
    assert list_names(app) == ["a", "a", "b", "b"]


def test_a_missing_container_is_awaited_without_a_warning(tmp_path: Path, storage: str) -> None:
    app = App(tmp_path, BY_NAME)
    with (
        BlobServiceClient.from_connection_string(storage, use_env_settings=False) as blobs,
        running_host(app, storage, "later") as host,
    ):
        blobs.create_container("later").upload_blob("b", b"one")
        wait_until(lambda: app.records)
        assert "WARNING host" not in host.process.log


@pytest.mark.exhaustive
def test_polling_continues_after_an_outage_of_the_store(tmp_path: Path, unused_tcp_port: int) -> None:
    app = App(tmp_path, BY_NAME)
    storage = make_stack_settings(
        {"blob": unused_tcp_port, "queue": 0, "servicebus": 0, "cosmos": 0, "issuer": 0, "sign_in": 0}, Path()
    )["DATA_STORAGE"]
    with running_host(app, storage, "results") as host:
        wait_until(lambda: "the container cannot be reached" in host.process.log)
        with (
            azurite(tmp_path, unused_tcp_port),
            BlobServiceClient.from_connection_string(storage, use_env_settings=False) as blobs,
        ):
            blobs.create_container("results").upload_blob("b", b"one")
            wait_until(lambda: app.records)
            # Before the emulator stops, which is another outage.
            assert host.process.log.count("the container cannot be reached") == 1
