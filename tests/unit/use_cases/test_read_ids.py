"""Batch requests whose references are in an uploaded list."""

import json
import tracemalloc
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import (
    BatchCancellationIn,
    BatchEnhancementRequestIn,
    BatchEnhancementRequestRead,
    BatchRetryIn,
    BatchStatus,
    ErrorCode,
)
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import RobotSettings
from exchange.domain import blob_names
from exchange.domain.batch import Phase, Upload
from exchange.domain.callers import Role, User
from exchange.domain.errors import Conflict, InputRejected, NotFound, TooLarge, Unavailable
from exchange.domain.ids import derive_id, new_id
from exchange.domain.limits import Limits
from exchange.use_cases import read_batch as reading
from exchange.use_cases import read_ids as reading_ids
from exchange.use_cases.cancel_batch import cancel_batch
from exchange.use_cases.dry_run import dry_run
from exchange.use_cases.manage_robots import configure_robot
from exchange.use_cases.read_ids import read_ids
from exchange.use_cases.register_batch import register_batch
from exchange.use_cases.register_once import register_once
from exchange.use_cases.retry_batch import retry_batch
from exchange.use_cases.sweep import sweep
from exchange.use_cases.upload_ids import start_upload
from tests.fakes.files import FakeBatchFiles, FakeIdLists
from tests.fakes.world import LIMITS
from tests.results import annotation
from tests.tiers import fast_or_exhaustive
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR, read_now
from tests.unit.use_cases.test_parts import Parts

OTHER = User("another requestor", frozenset({Role.REQUESTOR}))


class Lists(Parts):
    """The fakes, with a batch request whose references are in an uploaded list."""

    async def put(self, content: bytes | None = None) -> UUID:
        """Upload a list: that of all references if no content is given. Return its id."""
        upload = (await start_upload(REQUESTOR, self.services)).id
        listed = "\n".join(map(str, self.reference_ids)).encode() if content is None else content
        self.id_lists.put(REQUESTOR.id, upload, listed)
        return upload

    def make_request(self, upload: UUID, **fields: object) -> BatchEnhancementRequestIn:
        return BatchEnhancementRequestIn.model_validate(
            {"robot_id": self.robot.id, "reference_ids_upload": upload, **fields}
        )

    async def request_listed(self, content: bytes | None = None, **fields: object) -> BatchEnhancementRequestRead:
        registered = await register_batch(
            self.make_request(await self.put(content), **fields), REQUESTOR, self.services
        )
        self.request_id = registered.id
        return registered

    async def read_error(self, content: bytes) -> str:
        """Request a batch with this list. Return the error with which it ends."""
        await self.request_listed(content)
        await self.dispatch(self.request_id)
        batch = self.read_whole()
        assert (batch.status, batch.error_code) == (BatchStatus.FAILED, ErrorCode.REFERENCES_INVALID)
        assert not [name for name in self.files.blobs if name.startswith(str(batch.id))]
        assert batch.error is not None
        return batch.error

    def read_manifest(self) -> list[str]:
        batch = self.read_whole()
        found: list[str] = json.loads(self.files.blobs[blob_names.manifest(batch.id, batch.manifest)])
        return found


@pytest.fixture
async def exchange() -> Lists:
    world = Lists(limits=LIMITS.model_copy(update={"references_per_part_limit": 8}))
    await world.populate()
    return world


async def test_a_listed_batch_request_goes_the_whole_way(exchange: Lists) -> None:
    registered = await exchange.request_listed()
    assert (registered.request_status, registered.reference_ids, registered.reference_ids_url) == (
        BatchStatus.RECEIVED,
        None,
        None,
    )
    assert registered.counts is not None
    assert registered.counts.requested == 0
    await exchange.dispatch(exchange.request_id)
    assert exchange.read_whole().phase is Phase.RECEIVED
    assert exchange.read_manifest() == [str(item) for item in exchange.reference_ids]
    await exchange.dispatch(exchange.request_id)
    await exchange.deliver(exchange.read_whole())
    await exchange.run_import(exchange.request_id)
    read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
    assert (read.request_status, read.reference_ids) == (BatchStatus.COMPLETED, exchange.reference_ids)
    assert read.counts is not None
    assert (read.counts.requested, read.counts.enhanced) == (5, 5)
    assert read.reference_ids_url is not None
    assert f"{exchange.request_id}/{exchange.read_whole().manifest}/request.json" in read.reference_ids_url


async def test_a_long_list_is_worked_on_in_parts(exchange: Lists) -> None:
    await exchange.populate(20)
    await exchange.request_listed()
    await exchange.dispatch(exchange.request_id)
    assert exchange.read_whole().phase is Phase.DIVIDED
    await exchange.run_messages()
    parts = [exchange.part(number) for number in (1, 2, 3)]
    assert [item for part in parts for item in exchange.read_ids(part)] == [
        str(item) for item in exchange.reference_ids
    ]
    for part in parts:
        await exchange.deliver(part)
    await exchange.run_messages()
    assert exchange.read_end() == (BatchStatus.COMPLETED, None)


async def test_a_robot_that_fetches_gets_parts_of_a_list(exchange: Lists) -> None:
    await configure_robot(exchange.robot.id, RobotSettings.model_validate({"delivery": "pull"}), exchange.services)
    await exchange.request_listed()
    assert await exchange.fetch() is None
    await exchange.dispatch(exchange.request_id)
    assert await exchange.work() == 2
    assert exchange.read_end() == (BatchStatus.COMPLETED, None)


async def test_a_repeated_message_reads_the_list_once(exchange: Lists) -> None:
    await exchange.request_listed()
    stored = exchange.batches.items[exchange.request_id]
    await exchange.dispatch(exchange.request_id)
    first = exchange.read_whole()
    # A run that had read the batch before the first run wrote it.
    await read_ids(stored, exchange.services)
    assert exchange.read_whole() == first
    assert len([name for name in exchange.files.blobs if name.endswith("request.json")]) == 1


async def test_a_list_is_read_again_after_an_outage(exchange: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    await exchange.request_listed()
    with monkeypatch.context() as broken:
        broken.setattr(exchange.references, "find_missing", find_nobody)
        with pytest.raises(Unavailable):
            await exchange.dispatch(exchange.request_id)
    assert exchange.read_whole().phase is Phase.READING
    await exchange.dispatch(exchange.request_id)
    assert exchange.read_whole().phase is Phase.RECEIVED


async def find_nobody(_reference_ids: Iterable[UUID], **_options: object) -> set[UUID]:
    """Behave as `find_missing` of a store that cannot be reached."""
    raise Unavailable("The store is down.")


async def test_a_long_reading_records_that_it_goes_on(exchange: Lists, monkeypatch: pytest.MonkeyPatch) -> None:
    await exchange.request_listed()
    seen: list[float | None] = []

    async def take_long(_reference_ids: Iterable[UUID], **_options: object) -> set[UUID]:
        exchange.clock.now += 40
        seen.append(exchange.read_whole().worked_at)
        return set()

    monkeypatch.setattr(exchange.references, "find_missing", take_long)
    monkeypatch.setattr(reading_ids, "_SLICE", 2)
    await exchange.dispatch(exchange.request_id)
    assert seen[0] is None
    assert seen[-1] == exchange.clock.now - 40
    assert exchange.read_whole().phase is Phase.RECEIVED


async def test_the_sweep_resends_a_lost_message(exchange: Lists) -> None:
    await exchange.request_listed()
    exchange.queues.sent.clear()
    exchange.clock.now += 301
    await sweep(exchange.services)
    await exchange.dispatch(exchange.request_id, exchange.get_last_dispatch().attempt)
    assert exchange.read_whole().phase is Phase.RECEIVED


async def test_a_batch_can_be_cancelled_before_its_list_is_read(exchange: Lists) -> None:
    await exchange.request_listed()
    cancelled = await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
    assert (cancelled.request_status, cancelled.error_code) == (BatchStatus.FAILED, ErrorCode.CANCELLED)
    await exchange.dispatch(exchange.request_id)
    assert not [name for name in exchange.files.blobs if name.startswith(str(exchange.request_id))]


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "has no ids"),
            (b"\n \n", "has no ids"),
            (b"a\x00b\n", "has 1 fault: line 1: 'a b' is not the id"),
            ("ä\n".encode("utf-16"), "UTF-16"),
            (b"\x1f\x8b\x08", "gzip"),
        ],
    )
    async def test_a_list_that_cannot_be_read(self, exchange: Lists, content: bytes, words: str) -> None:
        assert words in await exchange.read_error(content)

    async def test_unknown_references(self, exchange: Lists) -> None:
        unknown, known = uuid4(), exchange.reference_ids[0]
        error = await exchange.read_error(f"{known}\n{unknown}\n{known}\n".encode())
        assert error == (
            f"The list of references has 2 faults: line 2: the reference {unknown} does not exist; "
            f"line 3: {known} is repeated."
        )

    async def test_hidden_references_do_not_exist_for_requestors(self, exchange: Lists) -> None:
        hidden = await exchange.load(
            ReferenceFileInput.model_validate({"visibility": "hidden", "identifiers": None, "enhancements": None})
        )
        assert "does not exist" in await exchange.read_error(str(hidden).encode())
        upload = new_id()
        exchange.id_lists.put(OPERATOR.id, upload, str(hidden).encode())
        registered = await register_batch(exchange.make_request(upload), OPERATOR, exchange.services)
        await exchange.dispatch(registered.id)
        assert exchange.get_batch(registered.id).phase is Phase.RECEIVED

    async def test_too_many_references(self, exchange: Lists) -> None:
        content = "\n".join(str(uuid4()) for _ in range(5001)).encode()
        assert await exchange.read_error(content) == "The list of references may have at most 5000 ids. It has more."

    async def test_a_robot_that_takes_too_few_references_at_once(self, exchange: Lists) -> None:
        exchange.services = replace(
            exchange.services, limits=exchange.services.limits.model_copy(update={"parts_per_batch_limit": 2})
        )
        await configure_robot(exchange.robot.id, RobotSettings(max_references=2), exchange.services)
        error = await exchange.read_error("\n".join(map(str, exchange.reference_ids)).encode())
        assert "at most 2 references in one job" in error

    @pytest.mark.parametrize("content", [b"another list", None])
    async def test_a_list_that_was_replaced_or_deleted(self, exchange: Lists, content: bytes | None) -> None:
        registered = await exchange.request_listed()
        names = [name for name in exchange.files.blobs if name.startswith("uploads/")]
        for name in names:
            if content is None:
                del exchange.files.blobs[name]
            else:
                exchange.files.blobs[name] = content
        await exchange.dispatch(registered.id)
        assert exchange.read_whole().error_code is ErrorCode.REFERENCES_INVALID
        assert "replaced or deleted" in (exchange.read_whole().error or "")


class TestRegistration:
    async def test_a_list_that_was_not_uploaded(self, exchange: Lists) -> None:
        upload = (await start_upload(REQUESTOR, exchange.services)).id
        with pytest.raises(NotFound, match="names no file of yours"):
            await register_batch(exchange.make_request(upload), REQUESTOR, exchange.services)

    async def test_the_list_of_another_user(self, exchange: Lists) -> None:
        upload = await exchange.put()
        with pytest.raises(NotFound, match="names no file of yours"):
            await register_batch(exchange.make_request(upload), OTHER, exchange.services)

    async def test_a_file_that_is_too_large(self, exchange: Lists) -> None:
        limits = exchange.services.limits.model_copy(update={"references_upload_limit_bytes": 100})
        world = Lists(limits=limits)
        await world.populate()
        with pytest.raises(TooLarge, match="At most 100"):
            await world.request_listed()

    async def test_the_same_key_registers_one_batch(self, exchange: Lists) -> None:
        request = exchange.make_request(await exchange.put())
        first = await register_once(request, "key", REQUESTOR, exchange.services)
        await exchange.dispatch(first.batch.id)
        again = await register_once(request, "key", REQUESTOR, exchange.services)
        assert (again.batch.id, again.replayed) == (first.batch.id, True)
        with pytest.raises(InputRejected, match="another batch request"):
            await register_once(exchange.make_request(await exchange.put()), "key", REQUESTOR, exchange.services)

    async def test_a_dry_run_does_not_read_a_list(self, exchange: Lists) -> None:
        with pytest.raises(InputRejected, match="does not read an uploaded list"):
            await dry_run(exchange.make_request(await exchange.put()), REQUESTOR, exchange.services)


class TestSkipping:
    async def enhance(self, exchange: Lists, count: int) -> None:
        """Have the robot enhance the first references."""
        request = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=exchange.reference_ids[:count])
        batch_id = (await register_batch(request, REQUESTOR, exchange.services)).id
        await exchange.dispatch(batch_id)
        await exchange.upload(batch_id, *(annotation(item) for item in exchange.reference_ids[:count]))
        await exchange.call_back(batch_id)
        await exchange.run_import(batch_id)

    async def test_enhanced_references_are_left_out(self, exchange: Lists) -> None:
        await self.enhance(exchange, 2)
        await exchange.request_listed(skip_enhanced=True)
        await exchange.dispatch(exchange.request_id)
        await exchange.dispatch(exchange.request_id)
        assert exchange.read_ids(exchange.read_whole()) == [str(item) for item in exchange.reference_ids[2:]]
        read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
        assert read.counts is not None
        assert (read.counts.requested, read.counts.skipped, read.counts.pending) == (5, 2, 3)

    async def test_nothing_is_left_for_the_robot(self, exchange: Lists) -> None:
        await self.enhance(exchange, 5)
        await exchange.request_listed(skip_enhanced=True)
        calls = len(exchange.robot_calls.jobs)
        await exchange.dispatch(exchange.request_id)
        assert exchange.read_end() == (BatchStatus.COMPLETED, None)
        assert len(exchange.robot_calls.jobs) == calls

    async def test_without_enhanced_references_all_are_sent(self, exchange: Lists) -> None:
        await exchange.request_listed(skip_enhanced=True)
        await exchange.dispatch(exchange.request_id)
        await exchange.dispatch(exchange.request_id)
        assert len(exchange.read_ids(exchange.read_whole())) == 5


class TestRetry:
    @pytest.fixture
    async def exchange(self) -> Lists:
        limits = LIMITS.model_copy(update={"references_per_part_limit": 8, "references_per_batch_limit": 10})
        world = Lists(limits=limits)
        await world.populate(20)
        await world.request_listed()
        await world.run_messages()
        return world

    async def retry(self, exchange: Lists, user: User = REQUESTOR) -> list[str]:
        """Retry the batch. Return the ids that are requested."""
        registered = await retry_batch(exchange.request_id, BatchRetryIn(), user, exchange.services)
        again = await retry_batch(exchange.request_id, BatchRetryIn(), user, exchange.services)
        assert (again.batch.id, again.replayed) == (registered.batch.id, True)
        exchange.request_id = registered.batch.id
        await exchange.dispatch(exchange.request_id)
        assert exchange.read_whole().error is None
        return exchange.read_manifest()

    @pytest.mark.parametrize("user", [REQUESTOR, OPERATOR])
    async def test_what_was_not_enhanced_is_uploaded_as_a_list(self, exchange: Lists, user: User) -> None:
        ids = [str(item) for item in exchange.reference_ids]
        await exchange.deliver(exchange.part(2), failing=ids[8:10])
        for number in (1, 3):
            await exchange.call_back(exchange.part(number).id, "broken")
        await exchange.run_messages()
        assert exchange.read_whole().ended
        assert await self.retry(exchange, user) == [*ids[:10], *ids[16:]]
        assert exchange.read_whole().requestor == REQUESTOR.id

    async def test_references_that_were_deleted_are_left_out(self, exchange: Lists) -> None:
        for number in (1, 2, 3):
            await exchange.call_back(exchange.part(number).id, "broken")
        await exchange.run_messages()
        await exchange.references.delete(exchange.reference_ids[3])
        ids = [str(item) for item in exchange.reference_ids]
        assert await self.retry(exchange) == [*ids[:3], *ids[4:]]

    async def test_what_was_in_no_part_is_left(self, exchange: Lists) -> None:
        await configure_robot(exchange.robot.id, RobotSettings.model_validate({"delivery": "pull"}), exchange.services)
        await exchange.request_listed()
        await exchange.dispatch(exchange.request_id)
        await exchange.deliver(await exchange.fetch_some(6))
        await exchange.run_messages()
        await cancel_batch(exchange.request_id, BatchCancellationIn(), REQUESTOR, exchange.services)
        await exchange.run_messages()
        assert await self.retry(exchange) == [str(item) for item in exchange.reference_ids[6:]]

    async def test_nothing_is_left(self, exchange: Lists) -> None:
        for number in (1, 2, 3):
            await exchange.deliver(exchange.part(number))
        await exchange.run_messages()
        with pytest.raises(Conflict, match="was enhanced"):
            await retry_batch(exchange.request_id, BatchRetryIn(), REQUESTOR, exchange.services)

    async def test_a_list_that_was_refused_is_not_retried(self, exchange: Lists) -> None:
        await exchange.read_error(b"nothing")
        with pytest.raises(Conflict, match="was not used"):
            await retry_batch(exchange.request_id, BatchRetryIn(), REQUESTOR, exchange.services)


async def test_more_references_than_a_body_may_have_are_read_from_a_url(
    exchange: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_REFERENCES", 4)
    await exchange.request_listed()
    await exchange.dispatch(exchange.request_id)
    read = await read_now(exchange.request_id, REQUESTOR, exchange.services)
    assert read.reference_ids is None
    assert read.reference_ids_url is not None


class CountedFiles(FakeBatchFiles):
    """Keeps no bytes, so that only what the exchange needs is measured."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    @asynccontextmanager
    async def create(self, name: str) -> AsyncIterator[Any]:
        self.blobs[name] = b""
        yield self

    async def write(self, data: bytes | bytearray) -> None:
        self.written += len(data)


class GeneratedLists(FakeIdLists):
    """A list of this many ids, which are made when they are read."""

    count: int

    async def find_upload(self, list_id: UUID) -> Upload | None:  # noqa: ARG002 - as in the port
        return Upload(etag="one", last_modified=0.0, size=self.count * 37)

    async def read(self, list_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - as in the port
        for start in range(0, self.count, 20_000):
            numbers = range(start, min(start + 20_000, self.count))
            yield "".join(f"{derive_id('listed', number)}\n" for number in numbers).encode()


async def find_none(_reference_ids: Iterable[UUID], **_options: object) -> set[UUID]:
    """Answer as `find_missing` where every reference exists."""
    return set()


@pytest.mark.timeout(300)
async def test_each_reference_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    count = fast_or_exhaustive(50_000, 200_000)
    world = Lists(limits=Limits())
    await world.populate()
    files = CountedFiles()
    lists = GeneratedLists(world.files, world.clock)
    lists.count = count
    monkeypatch.setattr(world.references, "find_missing", find_none)
    world.services = replace(world.services, files=files, id_lists=lists)
    registered = await register_batch(world.make_request(new_id(), skip_enhanced=True), REQUESTOR, world.services)
    tracemalloc.start()
    try:
        await world.dispatch(registered.id)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert world.get_batch(registered.id).reference_count == count
    assert files.written == 2 * (39 * count + 1)
    assert peak < (10 << 20) + 40 * count
