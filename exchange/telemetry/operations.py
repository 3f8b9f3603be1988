"""Operations: what the exchange does for a batch, each with a span, a duration and log fields.

All operations of a batch are one trace, from the request to the report. The batch item holds the span in which it was
registered, and each message holds the span that sent it, both as a W3C `traceparent`. A malformed value is ignored.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from exchange.ports import Services, StoredBatch
from exchange.telemetry.logs import bind_log_fields, current_log_fields
from exchange.telemetry.metrics import record_duration

CLIENT = SpanKind.CLIENT
TRACEPARENT = "traceparent"

P = ParamSpec("P")
R = TypeVar("R")

_tracer = trace.get_tracer("exchange")
_w3c = TraceContextTextMapPropagator()
_sender: ContextVar[SpanContext] = ContextVar("sender", default=INVALID_SPAN_CONTEXT)


def batch_operation(
    name: str,
) -> Callable[
    [Callable[Concatenate[StoredBatch, P], Awaitable[R]]], Callable[Concatenate[UUID, P], Coroutine[Any, Any, R]]
]:
    """Load the batch of a use case by its id, and pass it to the use case inside a span.

    The operation is a span in the batch's trace. Its log records carry the batch and the robot. The last positional
    argument of the use case must be `Services`. The call raises NotFound if the batch does not exist.
    """

    def decorate(
        work: Callable[Concatenate[StoredBatch, P], Awaitable[R]],
    ) -> Callable[Concatenate[UUID, P], Coroutine[Any, Any, R]]:
        @wraps(work)
        async def run(batch_id: UUID, /, *args: P.args, **kwargs: P.kwargs) -> R:
            stored = await cast(Services, args[-1]).batches.load(batch_id)
            with (
                bind_log_fields(batch_id=batch_id, robot_id=stored.batch.robot_id),
                _span(name, SpanKind.INTERNAL, _choose_parent(stored.batch.trace)),
            ):
                return await work(stored, *args, **kwargs)

        return run

    return decorate


def operation(
    name: str, kind: SpanKind = SpanKind.INTERNAL
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Make a part of a use case an operation of its own, inside the current span."""

    def decorate(work: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @wraps(work)
        async def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with _span(name, kind):
                return await work(*args, **kwargs)

        return run

    return decorate


def add_span_attributes(**attributes: str | float | None) -> None:
    """Add attributes to the current span. Those that are None are left out."""
    known = {name: value for name, value in attributes.items() if value is not None}
    trace.get_current_span().set_attributes(known)


def current_traceparent() -> str | None:
    """Return the current span as a `traceparent`, for others to continue. None outside of any span."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier)
    return carrier.get(TRACEPARENT)


def find_trace_id(traceparent: str | None) -> str | None:
    """Return the trace id of a `traceparent` in hex. None if there is none."""
    span = _parse(traceparent)
    return trace.format_trace_id(span.trace_id) if span.is_valid else None


@contextmanager
def continue_trace(message_properties: object) -> Iterator[None]:
    """Use the span that sent a message as the parent of the operations inside the context."""
    properties = message_properties if isinstance(message_properties, Mapping) else {}
    token = _sender.set(_parse(properties.get(TRACEPARENT)))
    try:
        yield
    finally:
        _sender.reset(token)


@contextmanager
def _span(name: str, kind: SpanKind, parent: SpanContext | None = None) -> Iterator[None]:
    """Open a span below `parent`, or below the current span. An error is recorded by its class only.

    The message of an error may quote anything.
    """
    context = None if parent is None else trace.set_span_in_context(NonRecordingSpan(parent), Context())
    silent = {"record_exception": False, "set_status_on_exception": False}
    started, error = monotonic(), None
    with _tracer.start_as_current_span(name, context, kind, current_log_fields(), _links(parent), **silent) as span:
        try:
            yield
        except BaseException as raised:
            error = type(raised).__name__
            span.set_status(Status(StatusCode.ERROR, error))
            raise
        finally:
            record_duration(name, monotonic() - started, error)


def _choose_parent(batch_trace: str | None) -> SpanContext | None:
    """Choose the nearest span of the batch's own trace. For a batch without a trace, take the nearest span."""
    own = _parse(batch_trace)
    near = [span for span in (_current(), _sender.get()) if span.is_valid]
    if own.is_valid:
        return next((span for span in near if span.trace_id == own.trace_id), own)
    return near[-1] if near else None


def _links(parent: SpanContext | None) -> list[Link]:
    """Link to the current span if it belongs to another trace than the parent."""
    current = _current()
    is_other = parent is not None and current.is_valid and current.trace_id != parent.trace_id
    return [Link(current)] if is_other else []


def _current() -> SpanContext:
    return trace.get_current_span().get_span_context()


def _parse(value: object) -> SpanContext:
    if not isinstance(value, str):
        return INVALID_SPAN_CONTEXT
    return trace.get_current_span(_w3c.extract({TRACEPARENT: value}, Context())).get_span_context()
