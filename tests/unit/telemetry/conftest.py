"""What the process tells, taken by the real SDK into memory: a provider can be set once a process."""

from collections.abc import Iterator

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.unit.use_cases.conftest import Exchange


@pytest.fixture(scope="session")
def provided() -> tuple[InMemorySpanExporter, InMemoryMetricReader]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    return exporter, reader


class Spans:
    """The spans that have ended since the test began."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def ended(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> ReadableSpan:
        (found,) = (span for span in self.ended() if span.name == name)
        return found


class Metrics:
    """What has been counted since the test began, by name and attributes."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader
        self._before = self._points()

    def _points(self) -> dict[str, float]:
        data = self._reader.get_metrics_data()
        points: dict[str, float] = {}
        for resource in data.resource_metrics if data else []:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        marks = " ".join(
                            f"{name}={value!s}" for name, value in sorted((point.attributes or {}).items())
                        )
                        value = point.value if hasattr(point, "value") else point.count
                        points[f"{metric.name} {marks}".strip()] = value
        return points

    def counted(self, start: str) -> dict[str, float]:
        """Return what has been added to those whose names start so."""
        return {
            name.removeprefix(start).strip(): value - self._before.get(name, 0)
            for name, value in self._points().items()
            if name.startswith(start) and value != self._before.get(name, 0)
        }

    def gauges(self, start: str) -> dict[str, float]:
        """Return what gauges whose names start so show now."""
        return {name: value for name, value in self._points().items() if name.startswith(start)}


@pytest.fixture
def spans(provided: tuple[InMemorySpanExporter, InMemoryMetricReader]) -> Iterator[Spans]:
    provided[0].clear()
    yield Spans(provided[0])
    provided[0].clear()


@pytest.fixture
def counts(provided: tuple[InMemorySpanExporter, InMemoryMetricReader]) -> Metrics:
    return Metrics(provided[1])


@pytest.fixture
async def exchange() -> Exchange:
    world = Exchange()
    await world.populate()
    return world
