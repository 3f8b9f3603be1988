"""What operators do, by the command and over HTTP, on a running exchange with dead letters."""

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from exchange.bootstrap import Connections, connect, make_services
from exchange.cli.exits import Exit
from exchange.contract.batches import BatchEnhancementRequestIn, BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.errors import WriteConflict
from exchange.domain.lifecycle import register
from exchange.domain.messages import DispatchMessage, ImportMessage
from exchange.ports import Services
from exchange.settings import Settings
from exchange.use_cases.manifest_file import write_manifest
from tests.e2e.exchange import wait_for
from tests.results import annotation, jsonl
from tests.stacks import ROOT, Stack, running_stack

RESULT_PREFIX = "/blobServices/default/containers/results/blobs/"
MISSING = "The dead letter does not exist, or another process is handling it."
NO_BATCH = "The batch request does not exist."
ENDED = {"status": BatchStatus.COMPLETED, "due_at": None}
PATHS = ("stats", "overdue", "dead-letters", "webhook-deliveries")


@dataclass(frozen=True, slots=True)
class Site:
    """A running stack, and direct access to its stores."""

    stack: Stack
    services: Services
    connections: Connections

    async def call(self, method: str, path: str, body: Any = None, role: str = "operator") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.stack.tokens[role]}"}
        url = f"{self.stack.api}/operations/{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, json=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json()

    async def list_dead_letters(self) -> list[dict[str, Any]]:
        status, found = await self.call("GET", "dead-letters")
        assert (status, found["truncated"], found["unreachable"]) == (200, False, [])
        letters: list[dict[str, Any]] = found["dead_letters"]
        return letters

    async def resend(self, **body: Any) -> dict[str, str | None]:
        """Resend dead letters, and return the error of each, by its id."""
        status, found = await self.call("POST", "dead-letters/resend", body)
        assert (status, found["remaining"], found["unreachable"]) == (200, False, [])
        return {result["id"]: result["error"] for result in found["results"]}

    async def wait_for_dead_letter(self, batch_id: UUID) -> dict[str, Any]:
        async def find() -> dict[str, Any] | None:
            letters = await self.list_dead_letters()
            return next((item for item in letters if item["batch_request_id"] == str(batch_id)), None)

        found: dict[str, Any] = await wait_for(find, f"a dead letter of {batch_id}")
        return found

    async def create_batch(self, batch_id: UUID, reference_id: UUID, **fields: Any) -> Batch:
        """Write a batch and its manifest, as if it had just been requested. `fields` replace its fields."""
        request = BatchEnhancementRequestIn(robot_id=uuid4(), reference_ids=[reference_id])
        registered = register(batch_id, request, "a requestor", time.time(), self.services.deadlines)
        batch = replace(registered.batch, **fields)
        await write_manifest(batch, [reference_id], self.services.files)
        await self.services.batches.create(batch)
        return batch

    async def wait_for_batch(self, batch_id: UUID, condition: Callable[[Batch], bool]) -> None:
        async def check() -> Batch | None:
            batch = (await self.services.batches.load(batch_id)).batch
            return batch if condition(batch) else None

        await wait_for(check, f"batch {batch_id}")

    async def add_to_poison_queue(self) -> tuple[UUID, UUID, str]:
        """Upload a result of a batch that does not exist, and wait until its event is in the poison queue.

        Returns the ids of the batch, the reference and the dead letter.
        """
        batch_id, reference_id = uuid4(), uuid4()
        blob = self.connections.blobs.blob("results", f"{batch_id}.jsonl")
        await blob.upload_blob(jsonl(annotation(reference_id)))
        letter = await self.wait_for_dead_letter(batch_id)
        assert letter["queue"] == "blobs"
        return batch_id, reference_id, letter["id"]

    async def add_event_dead_letter(self, *subjects: str) -> str:
        """Write events to the dead-letter container, as Event Grid does. Return the id of the dead letter."""
        name = f"RESULTS/2026/11/25/3/{uuid4()}.json"
        reason = {"deadLetterReason": "MaxDeliveryAttemptsExceeded", "deliveryAttempts": 30}
        events = [{"id": str(uuid4()), "subject": subject, **reason} for subject in subjects]
        await self.connections.blobs.blob("dead-letters", name).upload_blob(json.dumps(events))
        return f"events/{name}"


@pytest.fixture(scope="module")
def operated_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("operated"), SWEEP_SCHEDULE="* * * * * *") as stack:
        yield stack


@pytest.fixture
async def site(operated_stack: Stack) -> AsyncIterator[Site]:
    os.environ["SSL_CERT_FILE"] = operated_stack.settings["SSL_CERT_FILE"]
    settings = Settings.read(operated_stack.settings)
    connections = connect(settings)
    yield Site(operated_stack, make_services(settings, connections), connections)
    await connections.close()


async def run(stack: Stack, *arguments: str, code: Exit = Exit.DONE) -> tuple[str, str]:
    """Run `exchange ops` without a sign-in. Return its output and its messages."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exchange.cli", "ops", *arguments, "--profile", str(stack.folder / "stack.json")),
        cwd=ROOT,
        env={**os.environ, "EXCHANGE_CONFIG": str(stack.folder / "no profiles")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    return out.decode(), err.decode()


async def test_an_exchange_without_dead_letters(site: Site) -> None:
    nothing = ("", "There are no dead letters.\n")
    assert await run(site.stack, "dead-letters", "list") == nothing
    assert await run(site.stack, "dead-letters", "resend", "--all") == nothing
    assert (await run(site.stack, "health"))[0] == "status\nhealthy\n"
    assert await run(site.stack, "overdue", "--json") == ('{\n  "batch_requests": [],\n  "truncated": false\n}\n', "")


@pytest.mark.skipif(sys.platform == "win32", reason="it needs make")
def test_make_lists_the_dead_letters_of_the_stack_without_a_sign_in(operated_stack: Stack) -> None:
    python = Path(sys.executable)
    command = ["make", "--silent", "dead-letters", f"RUN={python}", f"ENV={operated_stack.folder / 'stack.json'}"]
    # Under `make test ARGS=...` the inner make would pass these ARGS on, too.
    environment = {name: value for name, value in os.environ.items() if name not in {"ARGS", "MAKEFLAGS", "MFLAGS"}}
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, "--assume-old=install"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "There are no dead letters.\n")


async def test_a_message_that_failed_ten_times_is_resent_and_handled(site: Site) -> None:
    batch_id = uuid4()
    await site.services.queues.send(ImportMessage(batch_id))
    letter = await site.wait_for_dead_letter(batch_id)
    assert letter == {
        "id": letter["id"],
        "queue": "import",
        "batch_request_id": str(batch_id),
        "batch_request_ids": None,
        "since": letter["since"],
        "attempts": 10,
        "reason": "MaxDeliveryCountExceeded",
    }
    _, stats = await site.call("GET", "stats")
    assert {item["queue"]: item["count"] for item in stats["dead_letters"]} == {
        **dict.fromkeys(("dispatch", "notify", "blobs", "events"), 0),
        "import": 1,
    }
    assert stats["unreachable"] == []
    now = time.time()
    await site.create_batch(batch_id, uuid4(), status=BatchStatus.IMPORTING, delivered_at=now, due_at=now + 3600)
    out, _ = await run(site.stack, "dead-letters", "list")
    assert f"{letter['id']}\t{batch_id}\t20" in out
    assert await run(site.stack, "dead-letters", "resend", "--all") == (f"id\tresult\n{letter['id']}\tresent\n", "")
    error = "The result file was deleted before the import, so nothing was imported."
    await site.wait_for_batch(batch_id, lambda batch: batch.error == error)
    assert await site.list_dead_letters() == []
    assert f"dead letter {letter['id']}: resent by " in site.stack.log("host")


@pytest.mark.exhaustive
async def test_one_message_is_resent_and_the_others_stay(site: Site) -> None:
    batch_ids = [uuid4() for _ in range(3)]
    ids = []
    for batch_id in batch_ids:
        await site.services.queues.send(DispatchMessage(batch_id, 1))
        ids.append((await site.wait_for_dead_letter(batch_id))["id"])
        await site.create_batch(batch_id, uuid4(), **ENDED)
    assert await site.resend(ids=[ids[1]]) == {ids[1]: None}
    assert [item["id"] for item in await site.list_dead_letters()] == [ids[0], ids[2]]
    out, _ = await run(site.stack, "dead-letters", "resend", ids[1], ids[2], code=Exit.ENDED_WITH_FAILURES)
    assert out.splitlines()[1:] == [f"{ids[2]}\tresent", f"{ids[1]}\tnot resent. {MISSING}"]
    assert await site.resend(all=True, queue="import") == {}
    assert await site.resend(all=True, queue="dispatch") == {ids[0]: None}
    assert await site.list_dead_letters() == []


@pytest.mark.exhaustive
async def test_a_message_that_fails_again_becomes_a_new_dead_letter(site: Site) -> None:
    batch_id = uuid4()
    await site.services.queues.send(ImportMessage(batch_id))
    first = (await site.wait_for_dead_letter(batch_id))["id"]
    assert await site.resend(all=True) == {first: None}
    second = (await site.wait_for_dead_letter(batch_id))["id"]
    assert second != first
    await site.create_batch(batch_id, uuid4(), **ENDED)
    assert await site.resend(ids=[second]) == {second: None}
    assert await site.list_dead_letters() == []


async def test_an_upload_in_the_poison_queue_is_validated_by_the_app(site: Site) -> None:
    batch_id, reference_id, letter_id = await site.add_to_poison_queue()
    # The batch does not exist yet. The dead letter stays and can be resent at once.
    assert await site.resend(all=True) == {letter_id: NO_BATCH}
    await site.create_batch(batch_id, reference_id, status=BatchStatus.ACCEPTED)
    message = json.dumps({"ContainerName": "results", "BlobName": f"{batch_id}.jsonl"})
    await site.connections.poison_queue.client.send_message(base64.b64encode(message.encode()).decode())
    assert await site.resend(ids=[letter_id]) == {letter_id: None}
    await site.wait_for_batch(batch_id, lambda batch: batch.validation is not None and batch.validation.accepted == 1)
    # A second message about the same upload has no further effect.
    assert list((await site.resend(all=True)).values()) == [None]
    assert await site.list_dead_letters() == []


async def test_an_event_that_was_not_delivered_is_validated_after_its_last_upload_is_known(site: Site) -> None:
    first, reference_id, poisoned = await site.add_to_poison_queue()
    unknown = uuid4()
    await site.create_batch(first, reference_id, status=BatchStatus.ACCEPTED)
    subjects = (f"{RESULT_PREFIX}{first}.jsonl", f"{RESULT_PREFIX}{unknown}.jsonl", f"{RESULT_PREFIX}no-result")
    letter_id = await site.add_event_dead_letter(*subjects)
    letter = next(item for item in await site.list_dead_letters() if item["id"] == letter_id)
    assert letter["batch_request_ids"] == [str(first), str(unknown)]
    assert (letter["attempts"], letter["reason"]) == (30, "MaxDeliveryAttemptsExceeded")
    assert await site.resend(all=True) == {poisoned: None, letter_id: NO_BATCH}
    await site.wait_for_batch(first, lambda batch: batch.validation is not None)
    await site.create_batch(unknown, uuid4(), **ENDED)
    assert await site.resend(ids=[letter_id]) == {letter_id: None}
    assert await site.list_dead_letters() == []


async def test_an_event_of_another_container_is_not_resent(site: Site) -> None:
    letter_id = await site.add_event_dead_letter("/blobServices/default/containers/results2/blobs/x")
    out, _ = await run(site.stack, "dead-letters", "resend", "--all", code=Exit.ENDED_WITH_FAILURES)
    fault = "It has events that are not about blobs of the container 'results'."
    assert out == f"id\tresult\n{letter_id}\tnot resent. {fault}\n"

    async def is_logged() -> bool | None:
        return "event_dead_letters=1" in site.stack.log("host") or None

    await wait_for(is_logged, "the stats in the log")
    out, _ = await run(site.stack, "stats")
    assert "dead letters of events\t1\t\n" in out
    await site.connections.blobs.blob("dead-letters", letter_id.removeprefix("events/")).delete_blob()


async def test_a_failed_delivery_is_listed_without_the_path_of_its_webhook(site: Site) -> None:
    headers = {"Authorization": f"Bearer {site.stack.tokens['requestor']}"}
    async with aiohttp.ClientSession(site.stack.api, headers=headers) as session:
        async with session.post("/webhooks", json={"url": "http://127.0.0.1:9/hidden?token=t"}) as answer:
            webhook = await answer.json()
        async with session.post(f"/webhooks/{webhook['id']}/test") as answer:
            delivery = await answer.json()

    async def find() -> Any:
        _, found = await site.call("GET", "webhook-deliveries?limit=10")
        return next((item for item in found["deliveries"] if item["id"] == delivery["id"]), None)

    found = await wait_for(find, "the failed delivery")
    assert (found["url_host"], found["attempts"], found["event"]) == ("127.0.0.1", 1, "webhook.test")
    assert "hidden" not in str(found)
    assert (await site.call("GET", "stats"))[1]["failed_webhook_deliveries"] == 1
    out, _ = await run(site.stack, "failed-webhooks")
    assert f"{webhook['id']}\t{delivery['id']}\t127.0.0.1\twebhook.test\t1\t" in out
    url = f"{site.stack.api}/webhooks/{webhook['id']}/deliveries/{delivery['id']}/redeliver"
    operator = {"Authorization": f"Bearer {site.stack.tokens['operator']}"}
    async with aiohttp.ClientSession() as session, session.post(url, headers=operator) as answer:
        assert answer.status == 202


async def test_an_overdue_batch_is_listed(site: Site) -> None:
    """The sweep continues it within a second, so it is made overdue until it is seen."""
    batch = await site.create_batch(uuid4(), uuid4())

    async def find() -> Any:
        stored = await site.services.batches.load(batch.id)
        with suppress(WriteConflict):
            await site.services.batches.replace(replace(stored.batch, due_at=time.time() - 5), stored.etag)
        _, listed = await site.call("GET", "overdue?limit=5")
        return next((item for item in listed["batch_requests"] if item["id"] == str(batch.id)), None)

    found = await wait_for(find, "the overdue batch")
    assert (found["phase"], found["robot_id"]) == ("received", str(batch.robot_id))


@pytest.mark.parametrize("role", ["requestor", "contributor"])
async def test_only_operators_may_do_any_of_this(site: Site, role: str) -> None:
    calls = [("GET", path, None) for path in PATHS] + [("POST", "dead-letters/resend", {"all": True})]
    for method, path, body in calls:
        status, problem = await site.call(method, path, body, role)
        assert (status, problem["detail"]) == (403, "Your access token must have the role 'operator'.")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "overdue?limit=101", None, 422),
        ("GET", "dead-letters?limit=1001", None, 422),
        ("GET", "dead-letters?queue=other", None, 422),
        ("GET", "webhook-deliveries?limit=0", None, 422),
        ("POST", "dead-letters/resend", {}, 422),
        ("POST", "dead-letters/resend", {"ids": ["dispatch/3"], "all": True}, 422),
        ("POST", "dead-letters/resend", {"ids": ["dispatch/3"], "queue": "import"}, 422),
        ("POST", "dead-letters/resend", {"ids": ["3"]}, 422),
        ("POST", "dead-letters/resend", {"ids": ["dispatch/3"] * 101}, 413),
    ],
)
async def test_wrong_input_is_refused(site: Site, method: str, path: str, body: Any, status: int) -> None:
    found, problem = await site.call(method, path, body)
    assert (found, bool(problem["errors"])) == (status, True)
