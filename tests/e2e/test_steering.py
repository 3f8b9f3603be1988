"""What a requestor does with a batch request: cancel it, try it without an import, and look into its report."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.exchange import BATCHES, Batch, Exchange, wait_for
from tests.e2e.robot import Job, Robot, accept_job, running_robot
from tests.e2e.test_flows import deliver, enhance_all, run_batch
from tests.results import annotation

STATES = ("enhanced", "failed", "missing", "cancelled", "skipped", "pending")


def counts(requested: int, **states: int) -> dict[str, int]:
    return {"requested": requested, **dict.fromkeys(STATES, 0), **states}


async def get(exchange: Exchange, path: str, **query: Any) -> tuple[int, Any]:
    headers = exchange.as_role("requestor")
    async with exchange.session.get(exchange.stack.api + path, headers=headers, params=query) as response:
        return response.status, await response.json()


async def enhance_some(robot: Robot, job: Job) -> Any:
    """Enhance the first reference twice, report an error for the second, and leave out the others."""
    one, two, *_ = [reference["id"] for reference in await robot.download_references(job)]
    error = {"reference_id": two, "message": "no abstract"}
    return await deliver(robot, job, annotation(one), error, b"not JSON", annotation(one, "second"))


async def test_a_batch_is_cancelled_while_its_robot_works(exchange: Exchange) -> None:
    references = await exchange.load_references(3)
    async with running_robot(exchange, accept_job) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
        assert batch["counts"] == counts(3, pending=3)
        await exchange.wait_until(batch, {"accepted"})
        path = f"{BATCHES}{batch['id']}/cancel"
        status, cancelled = await exchange.post(path, {"reason": "the wrong robot"}, role="requestor")
        assert (status, cancelled["request_status"], cancelled["error_code"]) == (200, "failed", "cancelled")
        assert cancelled["counts"] == counts(3, cancelled=3)
        # Without a body, and again.
        assert await exchange.post(path, b"", role="requestor") == (200, cancelled)
        (job,) = robot.jobs
        assert await robot.upload(job, *map(annotation, references)) == 201
        status, answer = await robot.call_back(job)
        assert status == 409, answer
        assert (await exchange.read_as_robot(batch, robot.credentials[batch["id"]]))["result_storage_url"] is None
        assert await exchange.read(batch) == cancelled
        ids = {item["batch_request_id"] for item in await exchange.list_enhancements(references[0])}
        assert batch["id"] not in ids
    status, _ = await exchange.post(f"{BATCHES}{uuid4()}/cancel", b"", role="requestor")
    assert status == 404


async def test_an_import_is_cancelled_between_two_chunks_and_the_rest_is_retried(exchange: Exchange) -> None:
    """A reference has 80 entries, and a chunk 100."""
    references = await exchange.load_references(50, start=100)
    entries = [annotation(item, f"cancelled {number}") for item in references for number in range(80)]
    async with running_robot(exchange, accept_job) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
        await exchange.wait_until(batch, {"accepted"})
        (job,) = robot.jobs
        assert await robot.upload(job, *entries) == 201
        assert (await robot.call_back(job))[0] == 200

        async def find_progress() -> Batch | None:
            read = await exchange.read(batch)
            return read if read["entries"] and read["entries"]["added"] else None

        await wait_for(find_progress, "the first chunk")
        path = f"{BATCHES}{batch['id']}"
        status, answer = await exchange.post(f"{path}/cancel", {"reason": "enough"}, role="requestor")
        assert (status, answer["request_status"], answer["error_code"]) == (200, "importing", None)
        ended = await exchange.wait_until_ended(batch)
        assert (ended["request_status"], ended["error_code"]) == ("partial_failed", "cancelled")
        added = ended["entries"]["added"]
        assert answer["entries"]["added"] <= added <= answer["entries"]["added"] + 100
        assert ended["entries"]["added"] + ended["entries"]["cancelled"] == ended["entries"]["total"] == len(entries)
        assert ended["error"] == (
            f"The batch request was cancelled: enough. {added} of {len(entries)} accepted enhancements were added."
        )
        stored = [
            item["id"]
            for reference_id in references
            for item in await exchange.list_enhancements(reference_id)
            if item["batch_request_id"] == batch["id"]
        ]
        exported = [json.loads(line)["id"] for line in await exchange.download_lines(ended["enhancements_url"])]
        assert sorted(exported) == sorted(stored)
        assert len(stored) == added == sum(line["error"] is None for line in await exchange.read_report_lines(ended))
        left = references[ended["counts"]["enhanced"] :]
        assert ended["counts"] == counts(50, enhanced=50 - len(left), cancelled=len(left))
        status, retry = await exchange.post(f"{path}/retry", b"", role="requestor")
        assert (status, retry["reference_ids"], retry["retry_of"]) == (202, left, batch["id"])
        assert (await exchange.post(f"{path}/retry", {}, role="requestor"))[0] == 200
        assert (await exchange.read(batch))["retried_as"] == retry["id"]
        await exchange.wait_until(retry, {"accepted"})
        ids = {reference["id"] for reference in await robot.download_references(robot.jobs[-1])}
        assert ids == set(left)


async def test_another_users_batch_is_neither_cancelled_nor_retried(exchange: Exchange) -> None:
    async with running_robot(exchange, accept_job) as robot:
        request = {
            "robot_id": await exchange.register_robot(robot.url),
            "reference_ids": await exchange.load_references(1),
        }
        _, batch = await exchange.post(BATCHES, request, role="operator")
        for action in ("cancel", "retry"):
            status, answer = await exchange.post(f"{BATCHES}{batch['id']}/{action}", b"", role="requestor")
            assert (status, answer["detail"]) == (403, "This batch request belongs to another caller.")
        status, answer = await exchange.post(f"{BATCHES}{batch['id']}/retry", b"", role="operator")
        assert (status, "cannot be retried yet" in answer["detail"]) == (409, True)


async def test_a_batch_that_has_ended_cannot_be_cancelled(exchange: Exchange) -> None:
    batch = await run_batch(exchange, enhance_all, await exchange.load_references(2))
    status, answer = await exchange.post(f"{BATCHES}{batch['id']}/cancel", {}, role="requestor")
    assert (status, "already ended with status 'completed'" in answer["detail"]) == (409, True)
    status, _ = await exchange.post(f"{BATCHES}{batch['id']}/cancel", {"reason": "x" * 257}, role="requestor")
    assert status == 422


async def test_a_test_run_imports_nothing(exchange: Exchange) -> None:
    references = await exchange.load_references(2)
    async with running_robot(exchange, enhance_all) as robot:
        robot_id = await exchange.register_robot(robot.url)
        requested = await exchange.request_batch(robot_id, references, test_run=True)
        batch = await exchange.wait_until_ended(requested)
    assert (batch["request_status"], batch["test_run"], batch["enhancements_url"]) == ("completed", True, None)
    assert batch["counts"] == counts(2, enhanced=2)
    assert set(await exchange.read_report(batch)) == {
        f"Reference {item}: Enhancement would be added." for item in references
    }
    ids = {item["batch_request_id"] for item in await exchange.list_enhancements(references[0])}
    assert batch["id"] not in ids


@pytest.fixture
async def mixed(exchange: Exchange) -> Batch:
    return await run_batch(exchange, enhance_some, await exchange.load_references(4, start=60))


async def test_the_counts_and_the_report_agree(exchange: Exchange, mixed: Batch) -> None:
    assert mixed["counts"] == counts(4, enhanced=1, failed=1, missing=2)
    kinds = {kind: count for kind, count in mixed["entries"].items() if count}
    assert kinds == {"total": 4, "added": 2, "robot_error": 1, "unreadable": 1}
    path = f"{BATCHES}{mixed['id']}/entries"
    status, page = await get(exchange, path)
    assert (status, page["continuation"]) == (200, None)
    texts = [line.partition(": ")[2] for line in await exchange.read_report(mixed)]
    assert [entry["message"] for entry in page["entries"]] == texts
    lines = await exchange.read_report_lines(mixed)
    assert [(line["line"], line["kind"]) for line in lines] == [
        (entry["line"], entry["kind"]) for entry in page["entries"]
    ]
    paged: list[Any] = []
    continuation: dict[str, str] = {}
    for _ in range(4):
        _, page = await get(exchange, path, limit=2, **continuation)
        paged += page["entries"]
        continuation = {"continuation": page["continuation"]}
        if page["continuation"] is None:
            break
    assert [entry["message"] for entry in paged] == texts
    _, missing = await get(exchange, path, kind="missing")
    assert [entry["line"] for entry in missing["entries"]] == [None, None]
    _, errors = await get(exchange, f"{BATCHES}{mixed['id']}/errors")
    assert (errors["errors"][0]["kind"], errors["errors"][0]["count"]) == ("missing", 2)


@pytest.mark.parametrize(
    "query", [{"continuation": "7"}, {"continuation": "999999999"}, {"kind": "lost"}, {"limit": 0}]
)
async def test_a_page_that_does_not_exist_is_refused(exchange: Exchange, mixed: Batch, query: dict[str, Any]) -> None:
    status, answer = await get(exchange, f"{BATCHES}{mixed['id']}/entries", **query)
    assert (status, bool(answer["detail"])) == (422, True)


async def test_the_enhancements_of_a_batch_are_those_that_it_added(exchange: Exchange, mixed: Batch) -> None:
    async with exchange.session.get(mixed["enhancements_url"]) as response:
        assert response.headers["Content-Type"] == "application/jsonl"
        exported = [json.loads(line) for line in (await response.read()).splitlines()]
    stored = await exchange.list_enhancements(exported[0]["reference_id"])
    assert len(exported) == 2
    lines = [line["line"] for line in await exchange.read_report_lines(mixed) if line["error"] is None]
    assert [enhancement.pop("line") for enhancement in exported] == lines
    for enhancement in exported:
        assert enhancement in stored
