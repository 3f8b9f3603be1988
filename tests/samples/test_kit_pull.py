"""A robot on the kit that fetches its jobs, against the fake exchange."""

import asyncio
import logging
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from exchange.robots import Annotation, Reference, SystematicFailure, annotation
from exchange.robots.leases import Terms
from exchange.robots.pull import Pace, Waits
from tests.samples.fake_exchange import CREDENTIALS, CUT, DISCONNECT, to_jsonl
from tests.samples.fake_leases import (
    QUICK,
    FakeLeases,
    pull_once,
    running_leases,
    running_puller,
    wait_for_fetches,
)
from tests.samples.kit import Process, make_robot, running_command, wait_until
from tests.samples.references import make_reference

SOME = [make_reference(f"Reference {number}", "An abstract.") for number in range(150)]
DATA = to_jsonl(*SOME)
IDS = [reference["id"] for reference in SOME]
# A third of it is short enough for a test.
SHORT = Terms(limit=7, lease_s=1)
PATIENT = Pace(waits=QUICK.waits, grace_s=10.0)


def label(reference: Reference) -> Annotation:
    return annotation("test", reference.title or "")


def list_files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if file.is_file()]


class Gate:
    """A function that waits at its first reference until it is opened."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.calls = 0

    async def enhance(self, reference: Reference) -> Annotation:
        self.calls += 1
        self.entered.set()
        await self.open.wait()
        return label(reference)


async def test_a_fetched_job_is_delivered_at_its_own_path(tmp_path: Path) -> None:
    exchange = await pull_once(make_robot(label), DATA, tmp_path)
    assert exchange.requests == ["download", "upload", "callback"]
    assert [entry["reference_id"] for entry in exchange.read_entries()] == IDS
    assert exchange.fetches[0] == {"robot_id": str(CREDENTIALS.robot_id), "limit": "1000", "lease": "PT600S"}
    assert list_files(tmp_path) == []


async def test_unknown_fields_of_a_job_are_ignored(tmp_path: Path) -> None:
    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(label), tmp_path):
        exchange.offer(extra_fields={"a": 1}, a_new_field=[1])
        assert (await exchange.wait_for_callback())["error"] is None


async def test_work_that_comes_later_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(label), tmp_path):
        await wait_for_fetches(exchange, 3)
        for _ in range(2):
            exchange.offer(id=str(uuid4()))
            assert (await exchange.wait_for_callback())["error"] is None
    assert caplog.text.count("there is no work, waiting for some") <= 3


async def test_a_robot_that_is_called_is_told_why_it_fetches_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(label), tmp_path):
        exchange.delivery = "push"
        await wait_for_fetches(exchange, 5)
    (said,) = [record for record in caplog.records if "its delivery is push" in record.getMessage()]
    assert said.levelno == logging.WARNING


async def test_failed_fetches_are_repeated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    faults = {"fetch": [503, DISCONNECT, 401, 403, 404, 429], "download": [503, CUT], "upload": [500]}
    exchange = await pull_once(make_robot(label), DATA, tmp_path, {**faults, "callback": [503, DISCONNECT]})
    assert exchange.requests.count("callback") == 3
    assert [entry["reference_id"] for entry in exchange.read_entries()] == IDS
    assert "the exchange refused to give work: HTTP 404" in caplog.text


async def test_an_answer_that_is_not_a_job_is_not_worked_on(tmp_path: Path) -> None:
    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(label), tmp_path):
        exchange.offered.extend(
            [{"page": "Please sign in."}, {**exchange.make_job(), "result_storage_url": "file:///"}]
        )
        await wait_for_fetches(exchange, 4)
    assert exchange.requests == []


async def test_the_wait_without_work_is_the_one_that_the_exchange_asks_for(tmp_path: Path) -> None:
    async with running_leases(DATA) as exchange:
        exchange.retry_after_s = 1
        started = time.monotonic()
        async with running_puller(exchange, make_robot(label), tmp_path):
            await wait_for_fetches(exchange, 2)
        assert time.monotonic() - started >= 1


def test_the_waits_grow_to_a_minute_and_differ() -> None:
    waits = Waits()
    for attempt, limit in ((1, 1), (2, 2), (6, 32), (7, 60), (10**9, 60)):
        delays = [waits.choose_delay(attempt, None) for _ in range(50)]
        assert limit / 2 <= min(delays) < max(delays) <= limit
    delays = [waits.choose_delay(9, 20) for _ in range(50)]
    assert 20 <= min(delays) < max(delays) <= 22
    assert waits.choose_delay(1, 1e9) <= 660


async def test_urls_that_have_expired_are_replaced(tmp_path: Path) -> None:
    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(label), tmp_path):
        exchange.offer()
        exchange.expire_urls()
        assert (await exchange.wait_for_callback())["error"] is None
        assert exchange.requests == ["download", "read", "download", "upload", "callback"]


async def test_a_job_that_has_ended_is_dropped_without_a_callback(tmp_path: Path) -> None:
    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(label), tmp_path):
        exchange.accepts_uploads = False
        exchange.offer()
        exchange.expire_urls()
        await wait_until(lambda: exchange.requests == ["download", "read"])
        await wait_for_fetches(exchange, len(exchange.fetches) + 2)
        assert exchange.requests == ["download", "read"]


async def test_a_systematic_failure_fails_the_job(tmp_path: Path) -> None:
    def fail(_reference: Reference) -> Annotation:
        raise SystematicFailure("The model cannot be loaded.")

    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(fail), tmp_path):
        exchange.offer()
        assert (await exchange.wait_for_callback())["error"] == {"message": "The model cannot be loaded."}
        assert exchange.requests == ["download", "callback"]


@pytest.mark.parametrize("status", [409, 422])
async def test_the_robot_continues_after_its_callback_is_refused(
    status: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        running_leases(DATA, {"callback": [status]}) as exchange,
        running_puller(exchange, make_robot(label), tmp_path),
    ):
        exchange.offer()
        exchange.offer(id=str(uuid4()))
        await exchange.wait_for_callback()
    assert exchange.requests.count("callback") == 2
    assert f"the callback failed: the callback was refused: HTTP {status}" in caplog.text


async def test_the_lease_is_renewed_while_the_function_works(tmp_path: Path) -> None:
    gate = Gate()
    async with (
        running_leases(DATA, {"renew": [503]}) as exchange,
        running_puller(exchange, make_robot(gate.enhance), tmp_path, terms=SHORT),
    ):
        exchange.offer()
        await wait_until(lambda: len(exchange.renewals) >= 3)
        gate.open.set()
        assert (await exchange.wait_for_callback())["error"] is None
        renewals = len(exchange.renewals)
        await asyncio.sleep(SHORT.lease_s)
    assert set(exchange.renewals) == {"PT1S"}
    # None comes after the end.
    assert len(exchange.renewals) <= renewals + 1


async def test_the_lease_is_renewed_while_a_function_blocks_its_thread(tmp_path: Path) -> None:
    go_on = threading.Event()

    def block(reference: Reference) -> Annotation:
        go_on.wait()
        return label(reference)

    async with (
        running_leases(to_jsonl(SOME[0])) as exchange,
        running_puller(exchange, make_robot(block), tmp_path, terms=SHORT),
    ):
        exchange.offer()
        await wait_until(lambda: len(exchange.renewals) >= 2)
        go_on.set()
        assert (await exchange.wait_for_callback())["error"] is None


async def test_a_job_whose_lease_is_lost_is_dropped_and_the_next_one_is_worked_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    async with (
        running_leases(DATA) as exchange,
        running_puller(exchange, make_robot(gate.enhance), tmp_path, terms=SHORT),
    ):
        exchange.offer()
        await gate.entered.wait()
        exchange.expired = True
        await wait_until(lambda: bool(exchange.renewals))
        gate.open.set()
        await wait_until(lambda: "the lease was lost, so the work stops" in caplog.text)
        exchange.expired = False
        exchange.offer(id=(another := str(uuid4())))
        assert (await exchange.wait_for_callback())["request_id"] == another
    assert exchange.requests == ["download", "download", "upload", "callback"]
    assert exchange.renewals.count("PT0S") == 0
    assert list_files(tmp_path) == []


async def test_as_many_jobs_are_open_as_there_are_workers(tmp_path: Path) -> None:
    gate = Gate()
    pace = Pace(max_jobs=3, waits=QUICK.waits, grace_s=10.0)
    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(gate.enhance), tmp_path, pace):
        ids = [str(uuid4()) for _ in range(5)]
        for each in ids:
            exchange.offer(id=each)
        await wait_until(lambda: len(exchange.fetches) == 3)
        await asyncio.sleep(0.2)
        assert [len(exchange.fetches), len(exchange.offered)] == [3, 2]
        gate.open.set()
        called = {(await exchange.wait_for_callback())["request_id"] for _ in ids}
    assert called == set(ids)


async def test_a_robot_that_stops_finishes_what_is_nearly_done(tmp_path: Path) -> None:
    gate = Gate()
    async with running_leases(DATA) as exchange:
        async with running_puller(exchange, make_robot(gate.enhance), tmp_path, PATIENT) as stop:
            exchange.offer()
            await gate.entered.wait()
            stop.set()
            exchange.offer()
            await asyncio.sleep(0.1)
            gate.open.set()
        assert exchange.requests == ["download", "upload", "callback"]
        assert len(exchange.offered) == 1
    assert exchange.renewals == []


async def test_a_robot_that_stops_gives_back_what_it_cannot_finish(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    gate = Gate()
    async with running_leases(DATA) as exchange:
        async with running_puller(exchange, make_robot(gate.enhance), tmp_path) as stop:
            exchange.offer()
            await gate.entered.wait()
            stop.set()
            await wait_until(lambda: exchange.renewals == ["PT0S"])
            gate.open.set()
        assert exchange.requests == ["download"]
    # The calls of the window in progress are finished.
    assert gate.calls < len(SOME)
    assert "the job was given back" in caplog.text
    assert list_files(tmp_path) == []


@pytest.mark.parametrize("status", [409, 500, DISCONNECT])
async def test_a_robot_stops_although_the_job_cannot_be_given_back(status: int, tmp_path: Path) -> None:
    gate = Gate()
    async with running_leases(DATA, {"renew": [status]}) as exchange:
        async with running_puller(exchange, make_robot(gate.enhance), tmp_path) as stop:
            exchange.offer()
            await gate.entered.wait()
            stop.set()
            await asyncio.sleep(2 * QUICK.grace_s)
            gate.open.set()
        assert exchange.requests == ["download"]


async def test_a_job_that_the_function_cancels_is_not_given_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def cancel(_reference: Reference) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    async with running_leases(DATA) as exchange, running_puller(exchange, make_robot(cancel), tmp_path):
        exchange.offer()
        await wait_until(lambda: "the job was cancelled, and its lease expires" in caplog.text)
        await wait_for_fetches(exchange, len(exchange.fetches) + 1)
    assert exchange.renewals == []


async def test_signed_urls_and_signatures_are_not_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    faults = {"fetch": [500, DISCONNECT], "download": [404], "callback": [500, 409], "renew": [500]}
    gate = Gate()
    async with (
        running_leases(DATA, faults) as exchange,
        running_puller(exchange, make_robot(gate.enhance), tmp_path) as stop,
    ):
        exchange.offer()
        exchange.offer(id=str(uuid4()))
        await gate.entered.wait()
        stop.set()
        await wait_until(lambda: "the job was not given back" in caplog.text)
        gate.open.set()
    assert "sig=" not in caplog.text
    assert CREDENTIALS.secret not in caplog.text


@asynccontextmanager
async def running_pull_process(exchange: FakeLeases, folder: Path, **environment: str) -> AsyncIterator[Process]:
    command = [sys.executable, "-m", "tests.samples.slow_robot", "--pull", "--state", str(folder / "state")]
    calls = {"CALLS": str(folder / "calls"), **environment}
    async with running_command([*command, "--api", exchange.url], folder, "fetching work", **calls) as robot:
        yield robot


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_a_process_which_gives_its_job_back(number: signal.Signals, tmp_path: Path) -> None:
    async with running_leases(to_jsonl(*SOME * 20)) as exchange:
        exchange.offer()
        async with running_pull_process(exchange, tmp_path) as robot:
            await wait_until((tmp_path / "calls").exists)
            assert await robot.stop(number) == 0
            messages = [line["message"] for line in robot.read_log()]
            log = str(robot.read_log())
    assert exchange.renewals == ["PT0S"]
    assert exchange.callbacks.empty()
    assert messages[-2:] == ["the job was given back", "stopped"]
    assert list((tmp_path / "state").iterdir()) == []
    assert "sig=" not in log
    assert CREDENTIALS.secret not in log


async def test_the_command_passes_its_options_on(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "exchange.cli", "robots", "run", "tests.samples.slow_robot", "--pull"]
    options = ["--limit", "7", "--lease", "90", "--workers", "2", "--state", str(tmp_path)]
    async with running_leases(DATA) as exchange:
        words = [*command, *options, "--api", exchange.url]
        async with running_command(words, tmp_path, "fetching work", CALLS=str(tmp_path / "calls")):
            exchange.offer()
            assert (await exchange.wait_for_callback())["error"] is None
    assert exchange.fetches[0] == {"robot_id": str(CREDENTIALS.robot_id), "limit": "7", "lease": "PT90S"}


async def test_a_killed_process_needs_no_state(tmp_path: Path) -> None:
    async with running_leases(DATA) as exchange:
        exchange.offer()
        async with running_pull_process(exchange, tmp_path) as robot:
            await wait_until((tmp_path / "calls").exists)
            await robot.stop(signal.SIGKILL)
        exchange.offer(id=(again := str(uuid4())))
        # Another process may have the same folder.
        async with running_pull_process(exchange, tmp_path, SECONDS="0"), running_pull_process(exchange, tmp_path):
            assert (await exchange.wait_for_callback())["request_id"] == again
    assert [entry["reference_id"] for entry in exchange.read_entries()] == IDS
