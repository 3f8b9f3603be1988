"""The limit of open batches holds when many requests come at the same moment."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.errors import TooManyOpenBatches, Unavailable
from exchange.domain.messages import DispatchMessage
from exchange.use_cases import open_batches
from exchange.use_cases.register_once import register_once
from exchange.use_cases.sweep import sweep
from tests.fakes.world import LIMITS
from tests.tiers import choose
from tests.unit.use_cases.conftest import REQUESTOR, Exchange

LIMIT = 5
REQUESTS = 200

T = TypeVar("T")


@pytest.fixture
async def exchange() -> Exchange:
    exchange = Exchange(limits=LIMITS.model_copy(update={"open_batches_limit": LIMIT}))
    await exchange.populate()
    return exchange


@pytest.fixture(autouse=True)
def short_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_batches, "_COUNT_DELAY_S", 0.05)


def slow_down(exchange: Exchange, seed: int) -> None:
    """Let other requests run before and after each call of the store, as real requests to it do."""
    draw = random.Random(seed)  # noqa: S311 - not a secret

    async def call(method: Callable[..., Awaitable[T]], *arguments: object, **options: object) -> T:
        for _ in range(draw.randrange(20)):
            await asyncio.sleep(0)
        result = await method(*arguments, **options)
        for _ in range(draw.randrange(20)):
            await asyncio.sleep(0)
        return result

    for name in ("create", "load", "replace", "delete", "count_open"):
        setattr(exchange.batches, name, partial(call, getattr(exchange.batches, name)))


def tick(exchange: Exchange) -> None:
    """Give each batch another age, in an order that is not that of their writes."""
    new_id = exchange.services.new_id

    def advance_clock_and_make_id() -> UUID:
        exchange.clock.now += random.Random(exchange.clock.now).uniform(-0.01, 0.01)  # noqa: S311 - not a secret
        return new_id()

    exchange.services = replace(exchange.services, new_id=advance_clock_and_make_id)


@pytest.mark.parametrize("seed", choose(list(range(40)), one_in=8))
async def test_of_200_requests_at_one_moment_as_many_are_accepted_as_the_limit_allows(
    exchange: Exchange, seed: int
) -> None:
    slow_down(exchange, seed)
    tick(exchange)
    results = await asyncio.gather(*(exchange.register() for _ in range(REQUESTS)), return_exceptions=True)
    accepted = {result for result in results if isinstance(result, UUID)}
    refused = [result for result in results if isinstance(result, TooManyOpenBatches)]
    assert 0 < len(accepted) <= LIMIT
    assert len(accepted) + len(refused) == REQUESTS
    assert set(exchange.batches.items) == accepted, "the store has a batch that was not accepted, or lost one"
    sent = [message.batch_id for message in exchange.queues.sent if isinstance(message, DispatchMessage)]
    assert sorted(sent) == sorted(accepted), "a message was sent for a withdrawn batch, or not for an accepted one"


@pytest.mark.parametrize("seed", choose(list(range(40)), one_in=8))
async def test_a_repeated_request_is_never_told_of_a_batch_that_is_withdrawn(exchange: Exchange, seed: int) -> None:
    """Each request is sent twice at the same moment, with its own idempotency key."""
    slow_down(exchange, seed)
    tick(exchange)
    body = BatchEnhancementRequestIn(robot_id=exchange.robot.id, reference_ids=exchange.reference_ids)

    async def request(number: int) -> UUID:
        return (await register_once(body, f"key {number}", REQUESTOR, exchange.services)).batch.id

    numbers = [number for number in range(REQUESTS // 4) for _ in range(2)]
    results = await asyncio.gather(*map(request, numbers), return_exceptions=True)
    told = {result for result in results if isinstance(result, UUID)}
    assert all(isinstance(result, UUID | Unavailable) for result in results)
    assert 0 < len(told) <= LIMIT
    assert set(exchange.batches.items) == told, "a requestor was told of a batch that is gone, or one was lost"


@pytest.mark.parametrize("age", [-1, 0, 1])
async def test_requests_at_one_moment_fill_what_is_left(exchange: Exchange, age: float) -> None:
    for _ in range(LIMIT - 2):
        await exchange.register()
    exchange.clock.now += age
    slow_down(exchange, seed=1)
    results = await asyncio.gather(*(exchange.register() for _ in range(REQUESTS)), return_exceptions=True)
    assert sum(isinstance(result, UUID) for result in results) == 2
    assert len(exchange.batches.items) == LIMIT


async def test_an_ordinary_request_counts_twice_and_never_waits(exchange: Exchange) -> None:
    calls: list[dict[str, object]] = []
    count_open = exchange.batches.count_open

    async def record(*arguments: object, **options: object) -> int:
        calls.append(options)
        return await count_open(*arguments, **options)  # type: ignore[arg-type] # passed on

    exchange.batches.count_open = record  # type: ignore[method-assign] # wraps the fake
    for _ in range(LIMIT):
        await exchange.register()
    assert calls == [{}] * 2 * LIMIT


async def fill_between_the_counts(exchange: Exchange) -> None:
    """Let others fill the limit after the first count."""
    create = exchange.batches.create

    async def create_many(batch: object) -> None:
        exchange.batches.create = create  # type: ignore[method-assign] # as it was
        for _ in range(LIMIT):
            await exchange.register()
        await create(batch)  # type: ignore[arg-type] # passed on

    exchange.batches.create = create_many  # type: ignore[method-assign] # wraps the fake


async def test_a_withdrawn_batch_leaves_nothing_that_counts(exchange: Exchange) -> None:
    await fill_between_the_counts(exchange)
    with pytest.raises(TooManyOpenBatches, match=f"You have {LIMIT} batch requests"):
        await exchange.register()
    assert len(exchange.batches.items) == LIMIT
    sent = len(exchange.queues.sent)
    assert sent == LIMIT
    await exchange.call_back(next(iter(exchange.batches.items)), error="no")
    await exchange.register()


async def test_a_batch_that_the_sweep_has_dispatched_is_kept(exchange: Exchange) -> None:
    await fill_between_the_counts(exchange)
    count_open = exchange.batches.count_open

    async def sweep_and_count(*arguments: object, **options: object) -> int:
        if options:
            exchange.clock.now += 300
            await sweep(exchange.services)
        return await count_open(*arguments, **options)  # type: ignore[arg-type] # passed on

    exchange.batches.count_open = sweep_and_count  # type: ignore[method-assign] # wraps the fake
    batch_id = await exchange.register()
    assert batch_id in exchange.batches.items
    assert len(exchange.batches.items) == LIMIT + 1


async def test_a_batch_whose_second_count_fails_is_withdrawn(exchange: Exchange) -> None:
    count_open = exchange.batches.count_open

    async def fail_after_creation(*arguments: object, **options: object) -> int:
        if exchange.batches.items:
            raise Unavailable("The store of the batch request cannot be reached.")
        return await count_open(*arguments, **options)  # type: ignore[arg-type] # passed on

    exchange.batches.count_open = fail_after_creation  # type: ignore[method-assign] # wraps the fake
    with pytest.raises(Unavailable, match="cannot be reached"):
        await exchange.register()
    assert not exchange.batches.items
    assert not exchange.queues.sent


async def test_a_batch_of_a_process_that_died_between_the_counts_runs_and_ends(exchange: Exchange) -> None:
    count_open = exchange.batches.count_open

    async def die_after_creation(*arguments: object, **options: object) -> int:
        if exchange.batches.items:
            raise asyncio.CancelledError
        return await count_open(*arguments, **options)  # type: ignore[arg-type] # passed on

    exchange.batches.count_open = die_after_creation  # type: ignore[method-assign] # wraps the fake
    with pytest.raises(asyncio.CancelledError):
        await exchange.register()
    (batch_id,) = exchange.batches.items
    exchange.clock.now += 300
    await sweep(exchange.services)
    assert [message.batch_id for message in exchange.queues.sent if isinstance(message, DispatchMessage)] == [batch_id]
    exchange.clock.now += 2 * exchange.services.deadlines.robot_silence_limit_s
    await sweep(exchange.services)
    assert exchange.get_batch(batch_id).ended
    exchange.batches.count_open = count_open  # type: ignore[method-assign] # as it was
    for _ in range(LIMIT):
        await exchange.register()
