"""What the emulators keep on disk: documents, blobs and queues, with their ETags, whatever kills them."""

import os
import pty
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import CosmosAccessConditionFailedError, CosmosBatchOperationError
from azure.storage.blob import BlobBlock, BlobServiceClient, ContentSettings
from azure.storage.queue import QueueServiceClient

from local.data import data_folder
from tests.local.running_stack import ROOT, RunningStack, started_stack
from tests.local.test_up_refusals import read_refusal

OPTIONS = ("--keep-data", "--emulators-only")


@asynccontextmanager
async def container(run: RunningStack, name: str) -> AsyncIterator[ContainerProxy]:
    settings = run.read_settings()
    os.environ["SSL_CERT_FILE"] = settings["SSL_CERT_FILE"]
    async with CosmosClient(settings["COSMOS_ENDPOINT"], settings["COSMOS_KEY"]) as cosmos:
        yield cosmos.get_database_client(settings["COSMOS_DATABASE"]).get_container_client(name)


async def read_items(found: ContainerProxy) -> dict[str, dict[str, Any]]:
    """Return the items without what depends on the place in memory."""
    items = [item async for item in found.query_items("SELECT * FROM c")]
    return {item["id"]: {name: item[name] for name in item if name not in {"_rid", "_self"}} for item in items}


def reference(item_id: str, bucket: str = "b", **fields: Any) -> dict[str, Any]:
    return {"id": item_id, "bucket": bucket, "kind": "reference", **fields}


async def test_documents_survive_a_kill(tmp_path: Path) -> None:
    with started_stack(tmp_path, *OPTIONS) as run:
        run.wait_until_up()
        async with container(run, "references") as references, container(run, "robots") as robots:
            for name in ("kept", "replaced", "deleted", "in a failed transaction"):
                await references.create_item(reference(name, text="é\u2028"))
            await references.replace_item("replaced", reference("replaced", n=2))
            await references.delete_item("deleted", partition_key="b")
            create = ("create", (reference("by a transaction"),))
            upsert = ("upsert", (reference("kept", n=3),))
            await references.execute_item_batch([create, upsert], partition_key="b")
            replace = ("replace", ("in a failed transaction", reference("in a failed transaction", n=4)))
            with pytest.raises(CosmosBatchOperationError):
                await references.execute_item_batch(
                    [("create", (reference("never"),)), replace, ("create", (reference("kept"),))], partition_key="b"
                )
            await robots.create_item({"id": "1", "kind": "robot", "name": "one"})
            before, robots_before = await read_items(references), await read_items(robots)
        run.kill_at_once()
    assert stat.S_IMODE(data_folder(tmp_path).stat().st_mode) == 0o700
    assert before.keys() == {"kept", "replaced", "in a failed transaction", "by a transaction"}
    run.ready.unlink()
    with started_stack(tmp_path, *OPTIONS) as again:
        again.wait_until_up()
        async with container(again, "references") as references, container(again, "robots") as robots:
            assert await read_items(references) == before
            assert await read_items(robots) == robots_before
            etag = before["kept"]["_etag"]
            condition: dict[str, Any] = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
            await references.replace_item("kept", reference("kept", n=5), **condition)
            with pytest.raises(CosmosAccessConditionFailedError):
                await references.replace_item("kept", reference("kept", n=6), **condition)
            with pytest.raises(Exception, match="name already exists"):
                await robots.create_item({"id": "2", "kind": "robot", "name": "one"})
            await references.create_item(reference("new"))
            assert len(await read_items(references)) == 5


def test_blobs_and_queues_survive_a_kill(tmp_path: Path) -> None:
    large = os.urandom(300_000)
    with started_stack(tmp_path, *OPTIONS) as run:
        run.wait_until_up()
        storage = run.read_settings()["DATA_STORAGE"]
        with BlobServiceClient.from_connection_string(storage) as blobs:
            batches = blobs.get_container_client("batches")
            settings = ContentSettings(content_type="text/plain", content_disposition='inline; filename="é"')
            batches.upload_blob("a/kept", b"text", content_settings=settings, metadata={"name": "value"})
            for content in (b"first", b"second"):
                batches.upload_blob("replaced", content, overwrite=True)
            batches.upload_blob("deleted", b"gone")
            batches.delete_blob("deleted")
            in_blocks = batches.get_blob_client("in blocks")
            for number in range(3):
                in_blocks.stage_block(f"{number}", large)
            in_blocks.commit_block_list([BlobBlock(f"{number}") for number in range(3)])
            before = {
                blob.name: batches.get_blob_client(blob.name).get_blob_properties() for blob in batches.list_blobs()
            }
        with QueueServiceClient.from_connection_string(storage) as queues:
            queues.create_queue("poison").send_message("poison")
        run.kill_at_once()
    run.ready.unlink()
    with started_stack(tmp_path, *OPTIONS) as again:
        again.wait_until_up()
        storage = again.read_settings()["DATA_STORAGE"]
        with BlobServiceClient.from_connection_string(storage) as blobs:
            batches = blobs.get_container_client("batches")
            assert {blob.name for blob in batches.list_blobs()} == {"a/kept", "replaced", "in blocks"}
            for name, content in {"a/kept": b"text", "replaced": b"second", "in blocks": large * 3}.items():
                assert batches.download_blob(name).readall() == content
                found = batches.get_blob_client(name).get_blob_properties()
                assert found.etag == before[name].etag
                assert found.last_modified == before[name].last_modified
                assert found.metadata == before[name].metadata
                assert found.content_settings == before[name].content_settings
            batches.upload_blob("replaced", b"third", overwrite=True)
            assert batches.download_blob("replaced").readall() == b"third"
        with QueueServiceClient.from_connection_string(storage) as queues:
            (message,) = queues.get_queue_client("poison").peek_messages()
            assert message.content == "poison"


def test_damaged_data_is_reported_with_what_to_do_and_fresh_starts_empty(tmp_path: Path) -> None:
    journal = data_folder(tmp_path) / "cosmos" / "cosmos.journal"
    journal.parent.mkdir(parents=True)
    journal.write_text('{"journal":99}\n')
    assert read_refusal(tmp_path, *OPTIONS).splitlines()[-1] == (
        f"The data on the disk cannot be read: {journal} does not have the format 1. "
        "Start without it with `make up ARGS=--fresh`, or delete it with `make reset`."
    )
    assert journal.read_text() == '{"journal":99}\n'
    with started_stack(tmp_path, *OPTIONS, "--fresh") as run:
        run.wait_until_up()
        assert journal.read_text() == '{"journal":1}\n'
        assert reset(tmp_path, "--yes") == (1, f"A stack is already running in {tmp_path}. Use it, or stop it first.\n")
    assert journal.exists()


@pytest.mark.exhaustive
def test_the_end_of_a_killed_stack_is_awaited_before_its_data_is_used(tmp_path: Path) -> None:
    with started_stack(tmp_path, *OPTIONS) as run:
        run.wait_until_up()
        emulator = run.find_components()["cosmos"].pid
        os.kill(emulator, signal.SIGSTOP)  # it does not notice the end of the stack
        run.started.kill()
        run.started.wait()
        assert "A stack is already running in" in read_refusal(tmp_path, *OPTIONS)


@pytest.mark.exhaustive
def test_without_keep_data_nothing_is_written(tmp_path: Path) -> None:
    with started_stack(tmp_path, "--emulators-only") as run:
        run.wait_until_up()
        assert not data_folder(tmp_path).exists()


# The deletion


def reset(folder: Path, *options: str) -> tuple[int, str]:
    """Delete the data, without a terminal. Return the exit code and the output."""
    command = [sys.executable, "-m", "local.reset", "--dir", str(folder), *options]
    finished = subprocess.run(  # noqa: S603 - we build the arguments
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return finished.returncode, finished.stdout + finished.stderr


@pytest.fixture
def with_data(tmp_path: Path) -> Path:
    data_folder(tmp_path).mkdir()
    (data_folder(tmp_path) / "file").write_bytes(bytes(2_100_000))
    return tmp_path


def test_reset_needs_yes_without_a_terminal(with_data: Path) -> None:
    code, output = reset(with_data)
    assert (code, output) == (
        1,
        "Nothing was deleted, because there is no terminal to ask on. To delete it, type: make reset ARGS=--yes\n",
    )
    assert data_folder(with_data).exists()
    code, output = reset(with_data, "--yes")
    assert (code, output.splitlines()[1:]) == (0, ["It was deleted."])
    assert sorted(path.name for path in with_data.iterdir()) == ["lock"]
    assert reset(with_data, "--yes") == (0, f"There is no data in {data_folder(with_data)}.\n")


@pytest.mark.parametrize(
    ("answer", "code", "remains"), [("y", 0, False), ("n", 1, True), ("", 1, True), ("\x04", 1, True)]
)
def test_reset_asks_on_a_terminal(with_data: Path, answer: str, code: int, *, remains: bool) -> None:
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "local.reset", "--dir", str(with_data)]
    asking = subprocess.Popen(command, cwd=ROOT, stdin=its, stdout=subprocess.PIPE, text=True)  # noqa: S603 - we build the arguments
    os.write(ours, f"{answer}\n".encode() if answer != "\x04" else b"\x04")
    output, _ = asking.communicate(timeout=60)
    os.close(ours)
    os.close(its)
    assert "has 2.1 MB: the references, robots, batches and files of the local stack.\n" in output
    assert asking.returncode == code
    assert data_folder(with_data).exists() == remains
