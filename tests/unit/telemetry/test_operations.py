"""Spans: whose child each is, what it holds, and that none decides anything."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan

from exchange.domain.batch import Batch
from exchange.domain.errors import Unavailable
from exchange.telemetry.operations import handling, note, continue_trace, span, traced, current_traceparent
from tests.unit.domain.batches import a_batch
from tests.unit.telemetry.conftest import Spans


def ids(of: ReadableSpan) -> tuple[int, int]:
    assert of.context is not None
    return of.context.trace_id, of.context.span_id


def parent(of: ReadableSpan) -> tuple[int, int] | None:
    return None if of.parent is None else (of.parent.trace_id, of.parent.span_id)


def requested() -> Batch:
    with span("request"):
        return a_batch(trace=current_traceparent())


def test_a_span_is_told_by_what_is_handled(spans: Spans) -> None:
    batch = requested()
    with handling("work", batch), span("part"):
        note(entries=3, nothing=None)
    marks = {"batch_id": str(batch.id), "robot_id": str(batch.robot_id)}
    assert spans.named("work").attributes == marks
    assert spans.named("part").attributes == {**marks, "entries": 3}
    assert parent(spans.named("part")) == ids(spans.named("work"))


def test_work_hangs_below_the_request(spans: Spans) -> None:
    with handling("work", requested()):
        pass
    assert parent(spans.named("work")) == ids(spans.named("request"))
    assert not spans.named("work").links


def test_work_hangs_below_the_span_that_sent_the_message(spans: Spans) -> None:
    batch = requested()
    with handling("first", batch):
        sender = current_traceparent()
    with continue_trace({"traceparent": sender}), handling("second", batch):
        pass
    assert parent(spans.named("second")) == ids(spans.named("first"))


def test_a_message_of_another_trace_does_not_take_the_batch_with_it(spans: Spans) -> None:
    batch = requested()
    with span("stranger"):
        sender = current_traceparent()
    with continue_trace({"traceparent": sender}), handling("work", batch):
        pass
    assert parent(spans.named("work")) == ids(spans.named("request"))


def test_a_call_by_another_trace_is_linked(spans: Spans) -> None:
    batch = requested()
    with span("caller"), handling("work", batch):
        pass
    assert parent(spans.named("work")) == ids(spans.named("request"))
    (link,) = spans.named("work").links
    assert (link.context.trace_id, link.context.span_id) == ids(spans.named("caller"))


def test_work_inside_work_hangs_below_it(spans: Spans) -> None:
    batch = requested()
    with handling("outer", batch), handling("inner", batch):
        pass
    assert parent(spans.named("inner")) == ids(spans.named("outer"))


def test_a_batch_without_a_trace_goes_on_in_that_of_its_message(spans: Spans) -> None:
    with span("sender"):
        sender = current_traceparent()
    with span("caller"), continue_trace({"traceparent": sender}), handling("work", a_batch()):
        pass
    assert parent(spans.named("work")) == ids(spans.named("sender"))
    assert len(spans.named("work").links) == 1


def test_a_batch_without_a_trace_that_nothing_leads_to_begins_one(spans: Spans) -> None:
    with handling("work", a_batch()):
        assert current_traceparent() is not None
    assert parent(spans.named("work")) is None


@given(text=st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{0,33}-[0-9a-f]{0,17}-[0-9a-f]{2}") | st.none())
def test_whatever_a_trace_looks_like_the_work_is_done(text: str | None) -> None:
    done = []
    for properties in ({"traceparent": text}, {"traceparent": (text or "").encode()}, text, None):
        with continue_trace(properties), handling("work", a_batch(trace=text)):
            done.append(trace.get_current_span())
    assert len(done) == 4


@pytest.mark.parametrize("cut", [0, 1, 54])
def test_a_malformed_trace_is_none(spans: Spans, cut: int) -> None:
    batch = requested()
    with handling("work", replace(batch, trace=(batch.trace or "")[:cut])):
        pass
    assert parent(spans.named("work")) is None


def test_an_error_leaves_its_class_and_no_word(spans: Spans) -> None:
    with pytest.raises(Unavailable), handling("work", requested()):
        raise Unavailable("https://secret.example/?sig=abc")
    told = spans.named("work").to_json()
    assert spans.named("work").status.description == "Unavailable"
    assert "secret" not in told
    assert not spans.named("work").events


async def test_a_traced_function_is_a_span_of_its_whole_run(spans: Spans) -> None:
    @traced("work")
    async def work(number: int) -> int:
        note(number=number)
        return number + 1

    assert await work(1) == 2
    assert spans.named("work").attributes == {"number": 1}
