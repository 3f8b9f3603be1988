"""A robot on the kit over HTTP, against the fake exchange."""

import asyncio
import errno
import json
import logging
import os
import stat
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from yarl import URL

from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import BatchRobotRequest, LinkedRobotError
from exchange.robots import (
    Annotation,
    CannotJudge,
    Reference,
    Robot,
    SystematicFailure,
    abstract,
    annotation,
    bibliographic,
    location,
)
from exchange.robots.jobs import JobStore, Progress
from exchange.robots.retries import Backoff
from samples.robot.robot import robot as sample_robot
from samples.robot_from_scratch.robot import make_entry
from tests.samples.fake_exchange import (
    CREDENTIALS,
    CUT,
    DISCONNECT,
    FakeExchange,
    running_exchange,
    running_exchange_and_robot,
    to_jsonl,
)
from tests.samples.fake_leases import pull_once
from tests.samples.kit import deliver, get_health, make_robot, running_kit, wait_until_idle
from tests.samples.references import load_samples, make_reference

SOME = [make_reference(f"Reference {number}", "An abstract.") for number in range(300)]
DATA = to_jsonl(*SOME)


def list_jobs(folder: Path) -> list[Path]:
    return list(folder.glob("*.job.json"))


def label(reference: Reference) -> Annotation:
    return annotation("test", reference.title or "")


async def test_each_reference_has_an_enhancement_in_the_order_of_the_snapshot(tmp_path: Path) -> None:
    async with running_exchange(DATA) as exchange:
        entries = await deliver(exchange, make_robot(label), tmp_path, workers=3)
        assert exchange.requests == ["download", "upload", "callback"]
    assert [entry["reference_id"] for entry in entries] == [reference["id"] for reference in SOME]
    for entry, reference in zip(entries, SOME, strict=True):
        assert Enhancement.model_validate(entry).robot_version == "2"
        assert entry["source"] == "kit"
        assert entry["derived_from"] == [used["id"] for used in reference["enhancements"]]
        (found,) = entry["content"]["annotations"]
        assert found["label"] == reference["enhancements"][0]["content"]["title"]


async def test_the_sample_robots_with_and_without_the_kit_deliver_the_same(tmp_path: Path) -> None:
    references = load_samples()[::5]
    async with running_exchange(to_jsonl(*references)) as exchange:
        assert await deliver(exchange, sample_robot, tmp_path) == [make_entry(reference) for reference in references]


async def test_the_state_is_saved_for_the_user_only_and_deleted_after_the_callback(tmp_path: Path) -> None:
    seen: list[tuple[str, int]] = []

    def look(reference: Reference) -> Annotation:
        seen.extend((file.suffixes[0], stat.S_IMODE(file.stat().st_mode)) for file in folder.glob(f"{batch_id}.*"))
        return label(reference)

    folder = tmp_path / "state"
    async with running_exchange(to_jsonl(SOME[0])) as exchange:
        batch_id = exchange.batch_id
        await deliver(exchange, make_robot(look), folder)
    assert sorted(seen) == [(".job", 0o600), (".result", 0o600)]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.glob(f"{batch_id}.*")) == []


async def test_a_repeated_job_is_accepted_and_not_repeated(tmp_path: Path) -> None:
    calls: list[str] = []
    go_on = threading.Event()

    def wait(reference: Reference) -> Annotation:
        calls.append(reference.id)
        go_on.wait()
        return label(reference)

    async with running_exchange(to_jsonl(SOME[0])) as exchange, running_kit(exchange, make_robot(wait), tmp_path):
        assert [await exchange.send_job(), await exchange.send_job()] == [202, 202]
        assert (await get_health(exchange)) == {"status": "ok", "version": "2", "open_jobs": 1}
        go_on.set()
        await exchange.wait_for_callback()
        await wait_until_idle(exchange)
        assert await exchange.send_job() == 202
        assert (await get_health(exchange))["open_jobs"] == 0
        assert exchange.requests == ["download", "upload", "callback"]
    assert calls == [SOME[0]["id"]]


async def test_a_job_that_is_repeated_after_a_restart_is_accepted_and_not_repeated(tmp_path: Path) -> None:
    async with running_exchange(DATA) as exchange:
        async with running_kit(exchange, make_robot(label), tmp_path):
            assert await exchange.send_job() == 202
            await wait_until_idle(exchange)
        async with running_kit(exchange, make_robot(label), tmp_path):
            assert await exchange.send_job() == 202
            assert (await get_health(exchange))["open_jobs"] == 0
        assert exchange.requests == ["download", "upload", "callback"]


@asynccontextmanager
async def running_kit_robot(folder: Path) -> AsyncIterator[FakeExchange]:
    async with running_exchange(b"") as exchange, running_kit(exchange, make_robot(label), folder):
        yield exchange


def running_sample_robot(_folder: Path) -> AbstractAsyncContextManager[FakeExchange]:
    return running_exchange_and_robot(b"")


async def test_a_job_without_a_valid_signature_gets_401(tmp_path: Path) -> None:
    async with running_exchange(DATA) as exchange, running_kit(exchange, make_robot(label), tmp_path):
        body = json.dumps(exchange.make_job()).encode()
        url, signed = f"{exchange.robot_url}/batch/", CREDENTIALS.headers(body)
        assert await exchange.post(url, body, {}) == 401
        assert await exchange.post(url, body + b" ", signed) == 401
        assert await exchange.post(url, body, {**signed, "X-Client-Id": str(uuid4())}) == 401
        assert await exchange.post(url, body, {**signed, "X-Request-Timestamp": "nan"}) == 401
        assert exchange.requests == []


@pytest.mark.parametrize("running_robot", [running_kit_robot, running_sample_robot])
async def test_a_signature_that_is_not_text_gets_401(
    running_robot: Callable[[Path], AbstractAsyncContextManager[FakeExchange]], tmp_path: Path
) -> None:
    async with running_robot(tmp_path) as exchange:
        url = URL(exchange.robot_url)
        signed = {**CREDENTIALS.headers(b"{}"), "Authorization": "Signature \udcff\udcfe", "Content-Length": "2"}
        head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": url.host, **signed}.items())
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"POST /batch/ HTTP/1.1\r\n{head}\r\n{{}}".encode(errors="surrogateescape"))
        assert (await reader.readline()).startswith(b"HTTP/1.1 401 ")
        writer.close()


@pytest.mark.parametrize(
    "job",
    [{}, {"id": "1", "reference_storage_url": "", "result_storage_url": ""}],
    ids=["empty", "wrong"],
)
async def test_a_job_that_does_not_fit_gets_400(job: dict[str, str], tmp_path: Path) -> None:
    async with running_exchange(DATA) as exchange, running_kit(exchange, make_robot(label), tmp_path):
        body = json.dumps(job).encode()
        assert await exchange.post(f"{exchange.robot_url}/batch/", body, CREDENTIALS.headers(body)) == 400
        assert await exchange.send_job({**exchange.make_job(), "reference_storage_url": "file:///etc/passwd"}) == 400
        assert list_jobs(tmp_path) == []


async def test_requests_that_fail_temporarily_are_retried(tmp_path: Path) -> None:
    faults = {
        "download": [503, DISCONNECT, CUT, 503, CUT],
        "upload": [503, DISCONNECT, 500],
        "callback": [503, DISCONNECT, 429, 401],
    }
    async with running_exchange(DATA, faults) as exchange:
        entries = await deliver(exchange, make_robot(label), tmp_path)
        assert exchange.requests.count("upload") == 4
        assert exchange.requests.count("callback") == 5
    assert [entry["reference_id"] for entry in entries] == [reference["id"] for reference in SOME]


async def test_the_wait_that_the_server_asks_for_is_kept() -> None:
    backoff = Backoff(first_s=1, max_s=8)
    assert all(0 <= backoff.choose_delay(1, None) <= 1 for _ in range(50))
    assert all(0 <= backoff.choose_delay(1_000_000, 0) <= 8 for _ in range(50))
    assert backoff.choose_delay(1, 30) == 30
    assert backoff.choose_delay(1, 1e9) == 80


async def test_expired_urls_are_replaced_by_fresh_urls(tmp_path: Path) -> None:
    async with (
        running_exchange(DATA, {"read": [503]}) as exchange,
        running_kit(exchange, make_robot(label), tmp_path),
    ):
        job = exchange.make_job()
        exchange.expire_urls()
        await exchange.send_job(job)
        assert (await exchange.wait_for_callback())["error"] is None
        assert exchange.requests == ["download", "read", "read", "download", "upload", "callback"]
        assert len(exchange.read_entries()) == len(SOME)


async def test_urls_that_expire_during_the_work_are_replaced(tmp_path: Path) -> None:
    def expire(reference: Reference) -> Annotation:
        if reference.id == SOME[-1]["id"]:
            exchange.expire_urls()
        return label(reference)

    async with running_exchange(DATA) as exchange:
        entries = await deliver(exchange, make_robot(expire), tmp_path)
        assert exchange.requests == ["download", "upload", "read", "upload", "callback"]
    assert len(entries) == len(SOME)


async def test_a_large_result_is_uploaded_in_blocks(tmp_path: Path) -> None:
    text = "A long abstract. " * 45_000
    references = [make_reference(f"Reference {number}") for number in range(12)]

    def write(reference: Reference) -> object:
        return abstract(f"{reference.title}: {text}")

    async with running_exchange(to_jsonl(*references), {"upload": [503, 403]}) as exchange:
        entries = await deliver(exchange, make_robot(write), tmp_path)
        # Three blocks and their list, a temporary failure, and an expired URL.
        assert exchange.requests == ["download", *["upload"] * 2, "read", *["upload"] * 4, "callback"]
    assert [entry["content"]["abstract"] for entry in entries] == [
        f"Reference {number}: {text}" for number in range(12)
    ]


async def test_a_snapshot_that_was_read_to_its_end_is_not_read_again(tmp_path: Path) -> None:
    async with running_exchange(DATA) as exchange:
        store, written = JobStore(tmp_path), b'{"reference_id": "1", "message": "written before"}\n'
        store.save(BatchRobotRequest.model_validate(exchange.make_job()))
        with store.open_result(exchange.batch_id, 0) as result:
            result.write(written)
        store.save_progress(exchange.batch_id, Progress(len(DATA), exchange.etag, len(written), len(SOME)))
        async with running_kit(exchange, make_robot(label), tmp_path):
            assert (await exchange.wait_for_callback())["error"] is None
        assert exchange.result == written


async def test_another_snapshot_is_read_from_the_beginning(tmp_path: Path) -> None:
    others = [make_reference(f"Other {number}") for number in range(3)]

    def replace(reference: Reference) -> Annotation:
        if reference.id == SOME[0]["id"]:
            exchange.replace_data(to_jsonl(*others))
        return label(reference)

    async with running_exchange(DATA, {"download": [CUT]}) as exchange:
        entries = await deliver(exchange, make_robot(replace), tmp_path)
    assert [entry["reference_id"] for entry in entries] == [reference["id"] for reference in others]


async def test_a_job_without_references_has_an_empty_result(tmp_path: Path) -> None:
    async with running_exchange(b"") as exchange:
        assert await deliver(exchange, make_robot(label), tmp_path) == []


def raise_cannot_judge() -> object:
    raise CannotJudge("There is no country.")


NAN = "The result is not valid: a number is not finite (NaN, Infinity, or beyond the range of a double)."
MISTAKES: list[tuple[Callable[[], object], str]] = [
    (raise_cannot_judge, "There is no country."),
    (lambda: CannotJudge("There is no city."), "There is no city."),
    (lambda: None, "The robot found nothing to add to this reference."),
    (list, "The robot found nothing to add to this reference."),
    (lambda: dict[str, str]()["key"], "The robot failed: KeyError: 'key'"),
    (lambda: "a text", "The function returned a value of type str, but must return annotations, "),
    (lambda: [annotation("s", "l"), 7], "The function returned a value of type int, but must return annotations, "),
    (lambda: annotation("s", "l", data={"n": float("nan")}), NAN),
    (
        lambda: annotation("s", "l", score="high"),  # type: ignore[arg-type] # an author's mistake
        "The robot failed: BooleanAnnotation is invalid: score: Input should be a valid number",
    ),
    (lambda: annotation("s", "l", data={"n": object()}), "The result is not JSON: "),
    (lambda: annotation("s", "\ud800"), "The result is not JSON: "),
    (lambda: bibliographic(cited_by_count=2**60), "The result is not valid: an integer beyond 2^53 would lose digits."),
    (lambda: abstract("long " * 300_000), "The result is not valid: it is longer than 1048576 bytes."),
    (lambda: location(pdf="https://example.org"), "The robot failed: TypeError: unknown field pdf: the fields are "),
]


async def test_what_the_function_cannot_do_becomes_an_error_of_the_reference(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def make_mistake(reference: Reference) -> Any:
        return MISTAKES[int(reference.title or "")][0]()

    references = [make_reference(str(number)) for number in range(len(MISTAKES))]
    async with running_exchange(to_jsonl(*references)) as exchange:
        entries = await deliver(exchange, make_robot(make_mistake), tmp_path)
    for entry, (_, message) in zip(entries, MISTAKES, strict=True):
        LinkedRobotError.model_validate(entry)
        assert entry["message"].startswith(message)
    intended = 4
    assert caplog.text.count("Traceback") == len(MISTAKES) - intended


async def test_a_function_that_exits_fails_its_reference_only(tmp_path: Path) -> None:
    def leave(reference: Reference) -> Annotation:
        if reference.id == SOME[1]["id"]:
            sys.exit(3)
        return label(reference)

    async with running_exchange(to_jsonl(*SOME[:3])) as exchange:
        entries = await deliver(exchange, make_robot(leave), tmp_path)
    assert [entry.get("message") for entry in entries] == [None, "The robot failed: SystemExit: 3", None]


async def test_a_job_that_the_function_cancels_does_not_stay_open(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def cancel(_reference: Reference) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    async with running_exchange(DATA) as exchange, running_kit(exchange, make_robot(cancel), tmp_path):
        assert await exchange.send_job() == 202
        await wait_until_idle(exchange)
        assert len(list_jobs(tmp_path)) == 1
    assert "the job was cancelled, and is resumed at the next start" in caplog.text


BAD_LINES = [b"garbage", b"[" * 100_000, b"\xff", b"[]", b"{}", b'{"id": null, "title": "confidential"}']


async def test_a_line_without_an_id_is_left_out_and_logged_without_its_content(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = to_jsonl(SOME[0]) + b"\n".join(BAD_LINES) + b"\n" + to_jsonl(SOME[1])
    async with running_exchange(data) as exchange:
        entries = await deliver(exchange, make_robot(label), tmp_path)
    assert [entry["reference_id"] for entry in entries] == [SOME[0]["id"], SOME[1]["id"]]
    left_out = [record.args for record in caplog.records if "are not references with an id" in record.msg]
    assert sum(args[0] for args in left_out if isinstance(args, tuple)) == len(BAD_LINES)  # type: ignore[misc]
    assert "garbage" not in caplog.text
    assert "confidential" not in caplog.text


@pytest.mark.parametrize("enhancements", [[{"id": "1", "content": {}}], [{"id": "1"}], ["text"], {"1": 2}, 5])
async def test_a_reference_of_an_unexpected_form_becomes_an_error(enhancements: object, tmp_path: Path) -> None:
    bad = {**SOME[1], "enhancements": enhancements}
    async with running_exchange(to_jsonl(SOME[0], bad, SOME[2])) as exchange:
        entries = await deliver(exchange, make_robot(lambda _reference: annotation("test", "label")), tmp_path)
    assert [entry["reference_id"] for entry in entries] == [reference["id"] for reference in SOME[:3]]
    assert ["message" in entry for entry in entries] == [False, True, False]


async def test_an_exception_without_a_readable_text_becomes_an_error_of_the_reference(tmp_path: Path) -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fail(reference: Reference) -> Annotation:
        if reference.id == SOME[1]["id"]:
            raise SilentError
        return label(reference)

    async with running_exchange(to_jsonl(*SOME[:3])) as exchange:
        entries = await deliver(exchange, make_robot(fail), tmp_path)
    message = "The robot failed: SilentError: (its text cannot be read: RuntimeError)"
    assert [entry.get("message") for entry in entries] == [None, message, None]


@pytest.mark.parametrize("answer", [b"<html>Please sign in.</html>", b"", b"[]", b"{}", b"[" * 100_000])
async def test_an_answer_that_is_not_a_batch_request_is_retried(answer: bytes, tmp_path: Path) -> None:
    async with running_exchange(DATA, {"upload": [403]}) as exchange:
        exchange.strange_answers = [answer] * 2
        entries = await deliver(exchange, make_robot(label), tmp_path)
        assert exchange.requests == ["download", "upload", *["read"] * 3, "upload", "callback"]
    assert len(entries) == len(SOME)


async def test_trouble_with_the_disk_is_retried(tmp_path: Path) -> None:
    class FullDisk(JobStore):
        failures = 3

        def save_progress(self, batch_id: str, progress: Progress) -> None:
            if self.failures:
                self.failures -= 1
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            super().save_progress(batch_id, progress)

    async with (
        running_exchange(DATA) as exchange,
        running_kit(exchange, make_robot(label), FullDisk(tmp_path)),
    ):
        assert await exchange.send_job() == 202
        assert (await exchange.wait_for_callback())["error"] is None
    assert [entry["reference_id"] for entry in exchange.read_entries()] == [reference["id"] for reference in SOME]


async def test_a_systematic_failure_fails_the_batch(tmp_path: Path) -> None:
    def fail(reference: Reference) -> Annotation:
        if reference.id == SOME[200]["id"]:
            raise SystematicFailure("The model cannot be loaded.")
        return label(reference)

    async with running_exchange(DATA) as exchange, running_kit(exchange, make_robot(fail), tmp_path, workers=2):
        await exchange.send_job()
        assert (await exchange.wait_for_callback())["error"] == {"message": "The model cannot be loaded."}
        assert exchange.requests == ["download", "callback"]


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"download": [404]}, "The robot failed: GET returned HTTP 404."),
        ({"upload": [403, 403]}, "The robot failed: PUT returned HTTP 403."),
        ({"upload": [403], "read": [404]}, "The robot failed: GET returned HTTP 404."),
    ],
)
async def test_the_callback_has_the_error_if_a_request_fails_permanently(
    faults: dict[str, list[int]], message: str, tmp_path: Path
) -> None:
    async with running_exchange(DATA, faults) as exchange, running_kit(exchange, make_robot(label), tmp_path):
        await exchange.send_job()
        assert (await exchange.wait_for_callback())["error"] == {"message": message}


async def test_a_request_is_not_retried_for_ever(tmp_path: Path) -> None:
    backoff = Backoff(first_s=0.01, max_s=0.01, total_s=0.05)
    async with (
        running_exchange(DATA, {"download": [503] * 1000}) as exchange,
        running_kit(exchange, make_robot(label), tmp_path, backoff=backoff),
    ):
        await exchange.send_job()
        error = (await exchange.wait_for_callback())["error"]
    assert error["message"].startswith("The robot failed: GET returned HTTP 503, ")


async def test_a_batch_that_has_ended_is_dropped_without_a_callback(tmp_path: Path) -> None:
    async with running_exchange(DATA) as exchange, running_kit(exchange, make_robot(label), tmp_path):
        job = exchange.make_job()
        exchange.expire_urls()
        exchange.accepts_uploads = False
        await exchange.send_job(job)
        await wait_until_idle(exchange)
        assert exchange.requests == ["download", "read"]
        assert list_jobs(tmp_path) == []


async def test_the_robot_continues_after_its_callback_is_refused(tmp_path: Path) -> None:
    async with (
        running_exchange(DATA, {"callback": [409]}) as exchange,
        running_kit(exchange, make_robot(label), tmp_path),
    ):
        await exchange.send_job()
        another = str(uuid4())
        assert await exchange.send_job({**exchange.make_job(), "id": another}) == 202
        await exchange.wait_for_callback()
        assert exchange.requests.count("callback") == 2


async def test_the_robot_answers_while_its_function_works(tmp_path: Path) -> None:
    go_on = threading.Event()

    def wait(reference: Reference) -> Annotation:
        go_on.wait()
        return label(reference)

    async with running_exchange(to_jsonl(*SOME[:8])) as exchange, running_kit(exchange, make_robot(wait), tmp_path):
        await exchange.send_job()
        for _ in range(3):
            assert (await get_health(exchange))["open_jobs"] == 1
        go_on.set()
        await exchange.wait_for_callback()
    assert len(exchange.read_entries()) == 8


async def test_a_robot_that_stops_finishes_its_window_and_refuses_jobs(tmp_path: Path) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    calls: list[str] = []

    async def wait(reference: Reference) -> Annotation:
        calls.append(reference.id)
        if len(calls) == 100:
            started.set()
            await go_on.wait()
        return label(reference)

    async with running_exchange(DATA) as exchange:
        async with running_kit(exchange, make_robot(wait), tmp_path) as server:
            await exchange.send_job()
            await started.wait()
            stopping = asyncio.create_task(server.stop())
            await asyncio.sleep(0)
            assert (await get_health(exchange))["status"] == "stopping"
            assert await exchange.send_job({**exchange.make_job(), "id": str(uuid4())}) == 503
            assert not stopping.done()
            go_on.set()
            await stopping
        assert exchange.callbacks.empty()
        # The next process goes on after the window.
        async with running_kit(exchange, make_robot(wait), tmp_path):
            assert (await exchange.wait_for_callback())["error"] is None
    assert calls == [reference["id"] for reference in SOME]
    assert [entry["reference_id"] for entry in exchange.read_entries()] == calls


@pytest.mark.parametrize("size", [1, 7, 32])
async def test_a_function_of_many_references_gets_all_of_them_in_groups(size: int, tmp_path: Path) -> None:
    robot = Robot("many")
    sizes: list[int] = []

    @robot.enhance_many(size=size)
    def enhance(references: list[Reference]) -> list[Annotation]:
        sizes.append(len(references))
        return [label(reference) for reference in references]

    async with running_exchange(DATA) as exchange:
        entries = await deliver(exchange, robot, tmp_path)
    assert [entry["reference_id"] for entry in entries] == [reference["id"] for reference in SOME]
    assert sum(sizes) == len(SOME)
    assert max(sizes) == size


async def yield_labels(references: list[Reference]) -> AsyncIterator[Annotation]:
    for reference in references:
        await asyncio.sleep(0)
        yield label(reference)


async def return_labels(references: list[Reference]) -> list[Annotation]:
    await asyncio.sleep(0)
    return [label(reference) for reference in references]


@pytest.mark.parametrize("function", [yield_labels, return_labels])
async def test_a_function_of_many_references_may_be_async(function: Callable[..., Any], tmp_path: Path) -> None:
    robot = Robot("many")
    robot.enhance_many(size=16)(function)
    async with running_exchange(DATA) as exchange:
        assert len(await deliver(exchange, robot, tmp_path, workers=4)) == len(SOME)


async def test_async_functions_run_at_the_same_time_as_far_as_there_are_workers(tmp_path: Path) -> None:
    running = 0
    seen: list[int] = []

    async def count(reference: Reference) -> Annotation:
        nonlocal running
        running += 1
        seen.append(running)
        await asyncio.sleep(0.001)
        running -= 1
        return label(reference)

    async with running_exchange(DATA) as exchange:
        entries = await deliver(exchange, make_robot(count), tmp_path, workers=5)
    assert [entry["reference_id"] for entry in entries] == [reference["id"] for reference in SOME]
    assert max(seen) == 5


async def test_odd_and_long_texts_are_passed_on_unchanged(tmp_path: Path) -> None:
    texts = ["a\u2028b\u2029c\x85d", "NUL \x00 and \x1f", "x" * 900_000, "\U0001f600 é \\ \" '", "a\r\nb"]
    references = [make_reference(abstract=text) for text in texts]
    async with running_exchange(to_jsonl(*references).rstrip()) as exchange:
        await deliver(exchange, make_robot(lambda reference: abstract(reference.abstract or "")), tmp_path)
        entries = [json.loads(line) for line in exchange.result.split(b"\n") if line]
    assert [entry["content"]["abstract"] for entry in entries] == texts


async def test_signed_urls_and_signatures_are_not_logged(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.DEBUG)
    for number, faults in enumerate(({"download": [404]}, {"upload": [503]}, {"upload": [403]}, {"callback": [409]})):
        async with (
            running_exchange(DATA, faults) as exchange,
            running_kit(exchange, make_robot(label), tmp_path / str(number)),
        ):
            await exchange.send_job()
            await wait_until_idle(exchange)
    assert "started" in caplog.text
    assert "sig=" not in caplog.text
    assert CREDENTIALS.secret not in caplog.text


async def deliver_by_push(robot: Robot, data: bytes, folder: Path) -> FakeExchange:
    async with running_exchange(data) as exchange:
        await deliver(exchange, robot, folder)
    return exchange


@pytest.mark.parametrize("deliver_once", [deliver_by_push, pull_once])
async def test_the_memory_does_not_grow_with_the_job(
    deliver_once: Callable[[Robot, bytes, Path], Awaitable[FakeExchange]], tmp_path: Path
) -> None:
    peaks: list[int] = []

    def measure(reference: Reference) -> Annotation:
        peaks[-1] = tracemalloc.get_traced_memory()[1]
        return label(reference)

    data = DATA[: DATA.index(b"\n") + 1]
    for count in (3_000, 12_000):
        peaks.append(0)
        snapshot = data * count
        tracemalloc.start()
        try:
            await deliver_once(make_robot(measure), snapshot, tmp_path)
        finally:
            tracemalloc.stop()
    small, large = peaks
    assert large < 1.2 * small < 10_000_000
