"""Operations: the parent and the content of each span, and the batch that a use case is called with.

Telemetry must not influence what a use case does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from exchange.domain.batch import Batch
from exchange.domain.errors import NotFound, Unavailable
from exchange.ports import Services, StoredBatch
from exchange.telemetry.operations import (
    CLIENT,
    add_span_attributes,
    batch_operation,
    continue_trace,
    current_traceparent,
    operation,
)
from tests.fakes.world import World
from tests.unit.domain.batches import a_batch
from tests.unit.telemetry.conftest import Spans

Work = Callable[[], Awaitable[None]]

open_span = trace.get_tracer("tests").start_as_current_span


@pytest.fixture
def world() -> World:
    return World()


def ids(span: ReadableSpan) -> tuple[int, int]:
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def parent_ids(span: ReadableSpan) -> tuple[int, int] | None:
    return None if span.parent is None else (span.parent.trace_id, span.parent.span_id)


async def register(world: World) -> Batch:
    """Store a batch that was registered inside a span named `request`."""
    with open_span("request"):
        batch = a_batch(trace=current_traceparent())
    await world.batches.create(batch)
    return batch


async def do_nothing() -> None:
    pass


async def run(name: str, batch_id: UUID, world: World, work: Work = do_nothing) -> None:
    """Run this work as a batch operation."""

    @batch_operation(name)
    async def use_case(_stored: StoredBatch, _services: Services) -> None:
        await work()

    await use_case(batch_id, world.services)


class TestBatchOperation:
    async def test_the_batch_is_read_exactly_once_and_passed_on(self, world: World) -> None:
        batch = await register(world)
        load = world.batches.load
        loaded: list[StoredBatch] = []

        async def load_and_count(batch_id: UUID) -> StoredBatch:
            loaded.append(await load(batch_id))
            return loaded[-1]

        @batch_operation("work")
        async def use_case(stored: StoredBatch, number: int, services: Services) -> tuple[StoredBatch, int, Services]:
            return stored, number, services

        world.batches.load = load_and_count  # type: ignore[method-assign] # replaces the fake
        stored, number, services = await use_case(batch.id, 7, world.services)
        assert len(loaded) == 1
        assert stored is loaded[0]
        assert (stored.batch, number, services) == (batch, 7, world.services)

    async def test_an_unknown_batch_raises_not_found_without_a_span(self, world: World, spans: Spans) -> None:
        with pytest.raises(NotFound):
            await run("work", uuid4(), world)
        assert spans.list_ended() == []

    async def test_the_span_and_the_spans_below_it_have_the_batch_and_the_robot(
        self, world: World, spans: Spans
    ) -> None:
        batch = await register(world)

        @operation("part")
        async def part() -> None:
            add_span_attributes(entries=3, nothing=None)

        await run("work", batch.id, world, part)
        attributes = {"batch_id": str(batch.id), "robot_id": str(batch.robot_id)}
        assert spans.find("work").attributes == attributes
        assert spans.find("part").attributes == {**attributes, "entries": 3}
        assert parent_ids(spans.find("part")) == ids(spans.find("work"))

    async def test_an_error_is_recorded_by_its_class_without_its_message(self, world: World, spans: Spans) -> None:
        async def fail() -> None:
            raise Unavailable("https://secret.example/?sig=abc")

        batch = await register(world)
        with pytest.raises(Unavailable):
            await run("work", batch.id, world, fail)
        assert spans.find("work").status.description == "Unavailable"
        assert "secret" not in spans.find("work").to_json()
        assert not spans.find("work").events


class TestParent:
    async def test_an_operation_is_below_the_request(self, world: World, spans: Spans) -> None:
        await run("work", (await register(world)).id, world)
        assert parent_ids(spans.find("work")) == ids(spans.find("request"))
        assert not spans.find("work").links

    async def test_an_operation_is_below_the_span_that_sent_its_message(self, world: World, spans: Spans) -> None:
        batch = await register(world)
        senders: list[str | None] = []

        async def send() -> None:
            senders.append(current_traceparent())

        await run("first", batch.id, world, send)
        with continue_trace({"traceparent": senders[0]}):
            await run("second", batch.id, world)
        assert parent_ids(spans.find("second")) == ids(spans.find("first"))

    async def test_a_message_from_another_trace_does_not_change_the_parent(self, world: World, spans: Spans) -> None:
        batch = await register(world)
        with open_span("another trace"):
            sender = current_traceparent()
        with continue_trace({"traceparent": sender}):
            await run("work", batch.id, world)
        assert parent_ids(spans.find("work")) == ids(spans.find("request"))

    async def test_a_call_from_another_trace_is_linked(self, world: World, spans: Spans) -> None:
        batch = await register(world)
        with open_span("caller"):
            await run("work", batch.id, world)
        assert parent_ids(spans.find("work")) == ids(spans.find("request"))
        (link,) = spans.find("work").links
        assert (link.context.trace_id, link.context.span_id) == ids(spans.find("caller"))

    async def test_an_operation_inside_an_operation_is_below_it(self, world: World, spans: Spans) -> None:
        batch = await register(world)
        await run("outer", batch.id, world, lambda: run("inner", batch.id, world))
        assert parent_ids(spans.find("inner")) == ids(spans.find("outer"))

    async def test_a_batch_without_a_trace_continues_the_trace_of_its_message(self, world: World, spans: Spans) -> None:
        batch = a_batch()
        await world.batches.create(batch)
        with open_span("sender"):
            sender = current_traceparent()
        with open_span("caller"), continue_trace({"traceparent": sender}):
            await run("work", batch.id, world)
        assert parent_ids(spans.find("work")) == ids(spans.find("sender"))
        assert len(spans.find("work").links) == 1

    async def test_a_batch_without_any_trace_starts_one(self, world: World, spans: Spans) -> None:
        async def check_traceparent() -> None:
            assert current_traceparent() is not None

        batch = a_batch()
        await world.batches.create(batch)
        await run("work", batch.id, world, check_traceparent)
        assert parent_ids(spans.find("work")) is None


class TestMalformedTraces:
    @given(text=st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{0,33}-[0-9a-f]{0,17}-[0-9a-f]{2}") | st.none())
    async def test_a_use_case_runs_whatever_the_trace_is(self, text: str | None) -> None:
        world, batch, runs = World(), a_batch(trace=text), []
        await world.batches.create(batch)

        async def work() -> None:
            runs.append(trace.get_current_span())

        for properties in ({"traceparent": text}, {"traceparent": (text or "").encode()}, text, None):
            with continue_trace(properties):
                await run("work", batch.id, world, work)
        assert len(runs) == 4

    @pytest.mark.parametrize("length", [0, 1, 54])
    async def test_a_malformed_trace_is_ignored(self, world: World, spans: Spans, length: int) -> None:
        registered = await register(world)
        malformed = replace(registered, id=uuid4(), trace=(registered.trace or "")[:length])
        await world.batches.create(malformed)
        await run("work", malformed.id, world)
        assert parent_ids(spans.find("work")) is None


class TestOperation:
    async def test_the_span_lasts_for_the_whole_call(self, spans: Spans) -> None:
        @operation("work", CLIENT)
        async def work(number: int) -> int:
            add_span_attributes(number=number)
            return number + 1

        assert await work(1) == 2
        assert spans.find("work").attributes == {"number": 1}
        assert spans.find("work").kind is SpanKind.CLIENT
