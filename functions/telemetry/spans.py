"""Spans: all that is done for a batch is one trace, from the request to the report.

The batch keeps where its trace began, and a message carries which span sent it, both as a W3C `traceparent`. One that
is malformed counts as none.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from functions.domain.batch import Batch
from functions.telemetry.logs import about, facts
from functions.telemetry.metrics import record_step

CLIENT = SpanKind.CLIENT
TRACEPARENT = "traceparent"

P = ParamSpec("P")
R = TypeVar("R")

_tracer = trace.get_tracer("functions")
_w3c = TraceContextTextMapPropagator()
_sender: ContextVar[SpanContext] = ContextVar("sender", default=INVALID_SPAN_CONTEXT)


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, parent: SpanContext | None = None) -> Iterator[None]:
    """Time what is done meanwhile, inside the span that is under way unless another parent is given.

    What goes wrong is told by its class only: an error's words may quote anything.
    """
    context = None if parent is None else trace.set_span_in_context(NonRecordingSpan(parent), Context())
    silent = {"record_exception": False, "set_status_on_exception": False}
    started, error = monotonic(), None
    with _tracer.start_as_current_span(name, context, kind, facts(), _links(parent), **silent) as current:
        try:
            yield
        except BaseException as raised:
            error = type(raised).__name__
            current.set_status(Status(StatusCode.ERROR, error))
            raise
        finally:
            record_step(name, monotonic() - started, error)


def traced(
    name: str, kind: SpanKind = SpanKind.INTERNAL
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Make a span of each call of the function."""

    def decorate(work: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @wraps(work)
        async def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with span(name, kind):
                return await work(*args, **kwargs)

        return run

    return decorate


@contextmanager
def handling(name: str, batch: Batch) -> Iterator[None]:
    """Make a span of what is done for the batch meanwhile, in the batch's trace; and mark the logs with it.

    Where the call came in by another trace, the span links to that.
    """
    with about(batch_id=batch.id, robot_id=batch.robot_id), span(name, parent=_parent(batch)):
        yield


def note(**counts: str | float | None) -> None:
    """Add to the span that is under way what came of it."""
    trace.get_current_span().set_attributes({name: count for name, count in counts.items() if count is not None})


def traceparent() -> str | None:
    """Return the span that is under way as others can continue it; None if there is none."""
    carrier: dict[str, str] = {}
    _w3c.inject(carrier)
    return carrier.get(TRACEPARENT)


@contextmanager
def sent_by(properties: object) -> Iterator[None]:
    """Go by what the message says of the span that sent it."""
    token = _sender.set(_read(properties.get(TRACEPARENT) if isinstance(properties, Mapping) else None))
    try:
        yield
    finally:
        _sender.reset(token)


def _parent(batch: Batch) -> SpanContext | None:
    """Choose the nearest span of the batch's own trace; for a batch that has none, whichever there is."""
    own = _read(batch.trace)
    near = [one for one in (_here(), _sender.get()) if one.is_valid]
    if own.is_valid:
        return next((one for one in near if one.trace_id == own.trace_id), own)
    return near[-1] if near else None


def _links(parent: SpanContext | None) -> list[Link]:
    """Link to the span that is under way, where it is of another trace than the parent."""
    here = _here()
    return [Link(here)] if parent is not None and here.is_valid and here.trace_id != parent.trace_id else []


def _here() -> SpanContext:
    return trace.get_current_span().get_span_context()


def _read(value: object) -> SpanContext:
    if not isinstance(value, str):
        return INVALID_SPAN_CONTEXT
    return trace.get_current_span(_w3c.extract({TRACEPARENT: value}, Context())).get_span_context()
