"""Telemetry as Azure's worker configures it, but written to files as JSON lines."""

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

# The same as PYTHON_APPLICATIONINSIGHTS_LOGGER_NAME in Azure. The records of the SDKs are left out.
LOGGER = "exchange"

_tracer = trace.get_tracer("local.host")
_w3c = TraceContextTextMapPropagator()


@contextmanager
def telemetry(folder: Path | None) -> Iterator[None]:
    """Write spans, metrics and logs to the folder. Without a folder, they are discarded."""
    if folder is None:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    meter_provider = _configure(folder)
    try:
        yield
    finally:
        meter_provider.shutdown()


def _configure(folder: Path) -> MeterProvider:
    """Configure the SDK for this process. The caller must shut the result down, which writes the last metrics."""
    resource = Resource.create({"service.name": "local.host"})
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=_open(folder, "spans"), formatter=_to_line)))
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(
        SimpleLogRecordProcessor(ConsoleLogRecordExporter(out=_open(folder, "logs"), formatter=_to_line))
    )
    # The interval is OTEL_METRIC_EXPORT_INTERVAL, by default a minute.
    reader = PeriodicExportingMetricReader(ConsoleMetricExporter(out=_open(folder, "metrics"), formatter=_to_line))
    meter_provider = MeterProvider([reader], resource)
    trace.set_tracer_provider(spans)
    metrics.set_meter_provider(meter_provider)
    logging.getLogger(LOGGER).addHandler(LoggingHandler(logger_provider=logs))
    return meter_provider


@contextmanager
def call_span(function: Function, argument: Any) -> Iterator[None]:
    """Open the span of a call, as Azure's host does. The function runs inside it.

    An HTTP request continues its caller's trace if it has a `traceparent`. All other calls start a new trace.
    """
    is_http = function.trigger["type"] == "httpTrigger"
    carrier = {"traceparent": argument.headers.get("traceparent", "")} if is_http else {}
    kind = SpanKind.SERVER if is_http else SpanKind.CONSUMER
    with _tracer.start_as_current_span(
        function.name, _w3c.extract(carrier, Context()), kind, record_exception=False, set_status_on_exception=False
    ):
        yield


def _open(folder: Path, name: str) -> TextIO:
    return (folder / f"{name}.jsonl").open("w", buffering=1)


def _to_line(record: Any) -> str:
    return json.dumps(json.loads(record.to_json())) + "\n"
