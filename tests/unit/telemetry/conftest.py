"""The telemetry of this process, collected in memory by the SDK of OpenTelemetry."""

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
def sdk() -> tuple[InMemorySpanExporter, InMemoryMetricReader]:
    """Set the providers. A process can set them only once."""
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

    def list_ended(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def find(self, name: str) -> ReadableSpan:
        """Return the only ended span with this name."""
        (found,) = (span for span in self.list_ended() if span.name == name)
        return found


class Metrics:
    """The metrics since the test began, each as `name attribute=value ...`."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader
        self._before = self._read_points()

    def _read_points(self) -> dict[str, float]:
        data = self._reader.get_metrics_data()
        points: dict[str, float] = {}
        for resource in data.resource_metrics if data else []:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        attributes = " ".join(
                            f"{name}={value!s}" for name, value in sorted((point.attributes or {}).items())
                        )
                        value = point.value if hasattr(point, "value") else point.count
                        points[f"{metric.name} {attributes}".strip()] = value
        return points

    def read_counts(self, prefix: str) -> dict[str, float]:
        """Return by how much each counter with this prefix has grown, without the prefix."""
        return {
            name.removeprefix(prefix).strip(): value - self._before.get(name, 0)
            for name, value in self._read_points().items()
            if name.startswith(prefix) and value != self._before.get(name, 0)
        }

    def read_gauges(self, prefix: str) -> dict[str, float]:
        """Return the current values of the gauges with this prefix."""
        return {name: value for name, value in self._read_points().items() if name.startswith(prefix)}


@pytest.fixture
def spans(sdk: tuple[InMemorySpanExporter, InMemoryMetricReader]) -> Iterator[Spans]:
    sdk[0].clear()
    yield Spans(sdk[0])
    sdk[0].clear()


@pytest.fixture
def counts(sdk: tuple[InMemorySpanExporter, InMemoryMetricReader]) -> Metrics:
    return Metrics(sdk[1])


@pytest.fixture
async def exchange() -> Exchange:
    world = Exchange()
    await world.populate()
    return world
