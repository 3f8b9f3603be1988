"""Telemetry as Azure's worker sets it up, but written to files: what ended, a line of JSON each."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import ConsoleLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from local.host.bindings import Function

# As PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME says in Azure: what SDKs log is left out.
LOGGER = "functions"

_tracer = trace.get_tracer("local.host")
_w3c = TraceContextTextMapPropagator()


@contextmanager
def telemetry(folder: Path | None) -> Iterator[None]:
    """Write spans, metrics and logs to the folder; without one, nobody takes them."""
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    measured = _provide(folder)
    try:
        yield
    finally:
        measured.shutdown()


def _provide(folder: Path) -> MeterProvider:
    """Set up the SDK for this process; return what has to be shut down, so that the last metrics are written."""
    resource = Resource.create({"service.name": "local.host"})
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=_file(folder, "spans"), formatter=_line)))
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(
        SimpleLogRecordProcessor(ConsoleLogRecordExporter(out=_file(folder, "logs"), formatter=_line))
    )
    # OTEL_METRIC_EXPORT_INTERVAL says how often, a minute if it is not set.
    reader = PeriodicExportingMetricReader(ConsoleMetricExporter(out=_file(folder, "metrics"), formatter=_line))
    measured = MeterProvider([reader], resource)
    trace.set_tracer_provider(spans)
    metrics.set_meter_provider(measured)
    logging.getLogger(LOGGER).addHandler(LoggingHandler(logger_provider=logs))
    return measured


@contextmanager
def span_of_call(function: Function, argument: Any) -> Iterator[None]:
    """Make a span of the call, as Azure's host does, and let the function find itself in it.

    A request goes on in its caller's trace, if it names one; anything else begins one of its own.
    """
    over_http = function.trigger["type"] == "httpTrigger"
    carrier = {"traceparent": argument.headers.get("traceparent", "")} if over_http else {}
    kind = SpanKind.SERVER if over_http else SpanKind.CONSUMER
    with _tracer.start_as_current_span(
        function.name, _w3c.extract(carrier, Context()), kind, record_exception=False, set_status_on_exception=False
    ):
        yield


def _file(folder: Path, name: str) -> TextIO:
    return (folder / f"{name}.jsonl").open("w", buffering=1)


def _line(told: Any) -> str:
    return json.dumps(json.loads(told.to_json())) + "\n"
