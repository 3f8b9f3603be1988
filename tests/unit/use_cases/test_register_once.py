import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.batch import Batch
from exchange.domain.callers import Role, User
from exchange.domain.errors import InputRejected, NameTaken, NotFound, TooManyOpenBatches, Unavailable
from exchange.domain.idempotency import derive_batch_id
from exchange.domain.messages import DispatchMessage
from exchange.ports import StoredBatch
from exchange.use_cases.manifest_file import read_manifest
from exchange.use_cases.register_once import Registered, register_once
from exchange.use_cases.sweep import sweep
from tests.fakes.world import LIMITS
from tests.unit.use_cases.conftest import REQUESTOR, Exchange

KEY = "3f7c0a52"
OTHER_USER = User("another requestor", frozenset({Role.REQUESTOR}))


def make_request(exchange: Exchange, **fields: Any) -> BatchEnhancementRequestIn:
    return BatchEnhancementRequestIn(
        **{"robot_id": exchange.robot.id, "reference_ids": exchange.reference_ids, "source": "s", **fields}
    )


async def request(exchange: Exchange, key: str = KEY, user: User = REQUESTOR, **fields: Any) -> Registered:
    return await register_once(make_request(exchange, **fields), key, user, exchange.services)


async def test_a_repeated_request_returns_the_batch_as_it_is_now(exchange: Exchange) -> None:
    first = await request(exchange)
    assert not first.replayed
    again = await request(exchange)
    assert again == Registered(first.batch, replayed=True)
    await exchange.dispatch(first.batch.id)
    assert (await request(exchange)).batch.request_status == "accepted"
    assert len(exchange.batches.items) == 1
    assert exchange.count_sent(DispatchMessage) == 1


async def test_a_repeated_request_is_answered_even_if_it_would_be_refused_by_now(exchange: Exchange) -> None:
    first = await request(exchange)
    await exchange.references.delete(exchange.reference_ids[0])
    assert (await request(exchange)).batch.id == first.batch.id


@pytest.mark.parametrize("fields", [{"source": "t"}, {"metadata": {"a": "b"}}, {"robot_id": uuid4()}])
async def test_another_request_with_the_same_key_is_refused(exchange: Exchange, fields: dict[str, Any]) -> None:
    first = await request(exchange)
    before, blobs = exchange.get_batch(first.batch.id), dict(exchange.files.blobs)
    with pytest.raises(InputRejected, match="was used for another batch request"):
        await request(exchange, **fields)
    with pytest.raises(InputRejected, match="was used for another batch request"):
        await request(exchange, reference_ids=exchange.reference_ids[::-1])
    assert exchange.get_batch(first.batch.id) is before
    assert exchange.files.blobs == blobs


async def test_each_key_and_each_user_has_a_batch_of_its_own(exchange: Exchange) -> None:
    batches = [
        await request(exchange),
        await request(exchange, key="other"),
        await request(exchange, user=OTHER_USER),
    ]
    assert len({registered.batch.id for registered in batches}) == len(exchange.batches.items) == 3
    assert not any(registered.replayed for registered in batches)


async def test_a_refused_request_stores_nothing_and_may_be_corrected(exchange: Exchange) -> None:
    with pytest.raises(NotFound):
        await request(exchange, reference_ids=[uuid4()])
    assert not exchange.files.blobs
    assert not (await request(exchange)).replayed


async def test_a_replay_does_not_count_against_the_limit_of_open_batches() -> None:
    exchange = Exchange(limits=LIMITS.model_copy(update={"open_batches_limit": 1}))
    await exchange.populate()
    first = await request(exchange)
    assert (await request(exchange)).batch.id == first.batch.id
    with pytest.raises(TooManyOpenBatches):
        await request(exchange, key="other")


@pytest.mark.parametrize("limit", [1, 100])
async def test_concurrent_requests_with_one_key_make_one_batch_and_one_dispatch(limit: int) -> None:
    exchange = Exchange(limits=LIMITS.model_copy(update={"open_batches_limit": limit}))
    await exchange.populate()
    yield_in(exchange, "load", "create", "count_open")
    answers = await asyncio.gather(*(request(exchange) for _ in range(5)))
    assert len({answer.batch.id for answer in answers}) == len(exchange.batches.items) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert exchange.count_sent(DispatchMessage) == 1
    (batch,) = [item.batch for item in exchange.batches.items.values()]
    assert await read_manifest(batch, exchange.files) == exchange.reference_ids


async def test_of_two_different_concurrent_requests_one_counts_completely(exchange: Exchange) -> None:
    yield_in(exchange, "load", "create", "count_open")
    lists = [exchange.reference_ids, exchange.reference_ids[:1], exchange.reference_ids[::-1]]
    answers = await asyncio.gather(*(request(exchange, reference_ids=ids) for ids in lists), return_exceptions=True)
    registered = [answer for answer in answers if isinstance(answer, Registered)]
    assert len(registered) == 1
    assert all(isinstance(answer, Registered | InputRejected) for answer in answers)
    (batch,) = [item.batch for item in exchange.batches.items.values()]
    requested = lists[[isinstance(answer, Registered) for answer in answers].index(True)]
    assert await read_manifest(batch, exchange.files) == requested
    assert batch.reference_count == len(requested)


def yield_in(exchange: Exchange, *methods: str) -> None:
    """Let the other requests run before each of these calls of the store."""
    for name in methods:
        inner = getattr(exchange.batches, name)

        async def call(*args: Any, inner: Any = inner) -> Any:
            await asyncio.sleep(0)
            return await inner(*args)

        setattr(exchange.batches, name, call)


async def test_a_request_that_failed_between_its_writes_may_be_repeated_or_changed(exchange: Exchange) -> None:
    create = exchange.batches.create

    async def fail(batch: Batch) -> None:  # noqa: ARG001 - the signature of the port
        raise Unavailable("The store is down.")

    exchange.batches.create = fail  # type: ignore[method-assign] # the request must fail after its first write
    with pytest.raises(Unavailable):
        await request(exchange)
    exchange.batches.create = create  # type: ignore[method-assign]
    changed = await request(exchange, reference_ids=exchange.reference_ids[:2])
    assert not changed.replayed
    batch = exchange.get_batch(changed.batch.id)
    assert await read_manifest(batch, exchange.files) == exchange.reference_ids[:2]
    with pytest.raises(InputRejected):
        await request(exchange)


async def test_a_lost_dispatch_message_is_repaired_by_the_sweep(exchange: Exchange) -> None:
    exchange.queues.down = True
    batch_id = (await request(exchange)).batch.id
    exchange.queues.down = False
    assert (await request(exchange)).replayed
    assert not exchange.queues.sent
    exchange.clock.now += 300
    await sweep(exchange.services)
    assert exchange.queues.sent == [DispatchMessage(batch_id, 1)]


async def test_a_key_whose_batch_has_expired_before_its_result_is_refused(exchange: Exchange) -> None:
    batch_id = (await request(exchange)).batch.id
    await exchange.upload(batch_id)
    del exchange.batches.items[batch_id]
    with pytest.raises(InputRejected, match="has been deleted"):
        await request(exchange)
    exchange.results.uploads.clear()
    assert (await request(exchange)).batch.id == batch_id


async def test_a_request_that_is_slower_than_the_robot_gets_the_batch_of_the_other_one(exchange: Exchange) -> None:
    """The second request looks for the batch before it exists, and for its upload after it was delivered."""
    load = exchange.batches.load
    missed = False

    async def miss_once(batch_id: UUID) -> StoredBatch:
        nonlocal missed
        if missed:
            return await load(batch_id)
        missed = True
        registered = await request(exchange)
        await exchange.upload(registered.batch.id)
        raise NotFound("The batch request does not exist.")

    exchange.batches.load = miss_once  # type: ignore[method-assign] # replaces the fake
    registered = await request(exchange)
    assert registered.replayed
    assert list(exchange.batches.items) == [registered.batch.id]


async def test_a_taken_id_without_a_batch_is_an_error_that_may_be_repeated(exchange: Exchange) -> None:
    async def refuse(batch: Batch) -> None:  # noqa: ARG001 - the signature of the port
        raise NameTaken("This batch request already exists.")

    exchange.batches.create = refuse  # type: ignore[method-assign] # the batch expires right after the conflict
    with pytest.raises(Unavailable, match="Repeat the request"):
        await request(exchange)


async def test_a_batch_with_a_key_goes_through_the_whole_flow(exchange: Exchange) -> None:
    batch_id: UUID = (await request(exchange)).batch.id
    assert batch_id == derive_batch_id(REQUESTOR.id, KEY)
    await exchange.dispatch(batch_id)
    await exchange.upload(batch_id)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    assert len(exchange.read_report(batch_id)) == len(exchange.reference_ids)
