"""The telemetry of a batch: one trace from the request to the report. `test_logs` checks that it has no secrets."""

import json
from collections.abc import AsyncIterator, Iterator

import pytest
from aiohttp import web

from tests.e2e.conftest import PATIENT
from tests.e2e.exchange import BATCHES, Batch, Exchange, exchange_on, wait_for
from tests.e2e.robot import Job, Robot, accept_job, running_robot
from tests.e2e.test_flows import make_entries
from tests.e2e.traces import draw_tree, list_spans, list_traces, read_telemetry
from tests.stacks import Stack, running_stack

EVERY_SECOND = {**PATIENT, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
EXPECTED_TREE = """
references_enhancement_batch
  request batch
    dispatch
      snapshot
      call robot
    validate
    callback
      import
        import chunk
        write report
"""


async def run_batch(exchange: Exchange) -> Batch:
    """Run a batch to its end. Its result is validated before the robot calls back."""
    references = await exchange.load_references(3)

    async def upload_result(robot: Robot, job: Job) -> web.Response:
        assert await robot.upload(job, *make_entries(references)) == 201
        return web.Response(status=202)

    async with running_robot(exchange, upload_result) as robot:
        batch = await exchange.request_batch(await exchange.register_robot(robot.url), references)
        await wait_for_spans(exchange, batch, "validate")
        await robot.call_back(robot.jobs[0])
        return await exchange.wait_until_ended(batch)


async def wait_for_spans(exchange: Exchange, batch: Batch, name: str, count: int = 1) -> None:
    async def has_spans() -> bool | None:
        names = [span["name"] for span in list_spans(exchange.stack, batch["id"])]
        return names.count(name) >= count or None

    await wait_for(has_spans, f"{count} spans '{name}' of batch {batch['id']}")


@pytest.fixture(scope="module")
def telemetry_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("telemetry"), **EVERY_SECOND) as stack:
        yield stack


@pytest.fixture
async def exchange(telemetry_stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(telemetry_stack) as exchange:
        yield exchange


async def test_a_batch_is_one_tree_of_spans(exchange: Exchange) -> None:
    batch = await run_batch(exchange)
    await wait_for_spans(exchange, batch, "import")
    (spans,) = list_traces(exchange.stack, batch["id"]).values()
    assert "\n".join(draw_tree(spans)) == EXPECTED_TREE.strip()


async def test_the_trace_of_a_caller_continues_in_the_batch(exchange: Exchange) -> None:
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    request = {"robot_id": robot_id, "reference_ids": await exchange.load_references(1)}
    trace_id, span_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    headers = {**exchange.as_role("requestor"), "traceparent": f"00-{trace_id}-{span_id}-01"}
    async with exchange.session.post(exchange.stack.api + BATCHES, json=request, headers=headers) as response:
        batch = await exchange.wait_until_ended(await response.json())
    ((trace, spans),) = list_traces(exchange.stack, batch["id"]).items()
    assert trace == f"0x{trace_id}"
    assert spans[0]["name"] == "request batch"
    assert [span["parent_id"] for span in spans if span["name"] == "references_enhancement_batch"] == [f"0x{span_id}"]


@pytest.mark.parametrize("malformed", ["", "-", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "\u00e9" * 55, "0" * 20_000])
async def test_a_malformed_traceparent_is_ignored(exchange: Exchange, malformed: str) -> None:
    robot_id = await exchange.register_robot("http://127.0.0.1:9")
    request = {"robot_id": robot_id, "reference_ids": await exchange.load_references(1)}
    headers = {**exchange.as_role("requestor"), "traceparent": malformed}
    async with exchange.session.post(exchange.stack.api + BATCHES, json=request, headers=headers) as response:
        assert response.status == 202
        assert len(list_traces(exchange.stack, (await response.json())["id"])) == 1


async def test_each_operation_links_to_the_span_of_its_trigger(exchange: Exchange) -> None:
    batch = await run_batch(exchange)
    (spans,) = list_traces(exchange.stack, batch["id"]).values()
    linked = {span["name"]: {link["context"]["span_id"] for link in span["links"]} for span in spans}
    for name, caller in {
        "dispatch": "dispatch",
        "validate": "validate",
        "callback": "robot_enhancement_batch",
        "import": "import_delivered",
    }.items():
        (span_id,) = linked[name]
        assert [
            other["name"] for other in read_telemetry(exchange.stack, "spans") if other["context"]["span_id"] == span_id
        ] == [caller]
    assert not any(linked[name] for name in ("request batch", "snapshot", "import chunk"))


async def test_a_span_records_the_class_of_an_error_without_its_text(exchange: Exchange) -> None:
    async with running_robot(exchange, accept_job) as robot:
        batch = await exchange.request_batch(
            await exchange.register_robot(robot.url), await exchange.load_references(1)
        )
        await exchange.wait_until(batch, {"accepted"})
        assert (await robot.call_back(robot.jobs[0]))[0] == 409
    (callback,) = (span for span in list_spans(exchange.stack, batch["id"]) if span["name"] == "callback")
    assert callback["status"] == {"status_code": "ERROR", "description": "ResultMissing"}
    assert callback["events"] == []


async def test_log_records_about_a_batch_have_its_ids(exchange: Exchange) -> None:
    batch = await run_batch(exchange)
    (trace,) = list_traces(exchange.stack, batch["id"])
    records = [record for record in read_telemetry(exchange.stack, "logs") if batch["id"] in record["body"]]
    assert len(records) >= 4
    for record in records:
        assert record["attributes"]["batch_id"] == batch["id"], record
        assert record["attributes"]["robot_id"] == batch["robot_id"], record
    assert trace in {record["trace_id"] for record in records}


async def test_metrics_have_counts_and_durations(exchange: Exchange) -> None:
    await run_batch(exchange)

    async def list_metrics() -> set[str] | None:
        metrics = read_telemetry(exchange.stack, "metrics")
        names = {
            f"{metric['name']} {metric['unit']}"
            for export in metrics[-1:]
            for resource in export["resource_metrics"]
            for scope in resource["scope_metrics"]
            for metric in scope["metrics"]
        }
        return names if "exchange.batches.ended {batch}" in names else None

    found = await wait_for(list_metrics, "metrics")
    assert {"exchange.result.entries {entry}", "exchange.operation.duration s"} <= found


async def test_the_spans_of_the_azure_sdks_are_children_of_ours(stack_with_a_tracing_sdk: Stack) -> None:
    async with exchange_on(stack_with_a_tracing_sdk) as exchange:
        batch = await run_batch(exchange)
        await wait_for_spans(exchange, batch, "import")
    (spans,) = list_traces(stack_with_a_tracing_sdk, batch["id"]).values()
    names = {line.strip() for line in EXPECTED_TREE.split("\n")}
    assert "\n".join(draw_tree([span for span in spans if span["name"] in names])) == EXPECTED_TREE.strip()
    assert "ServiceBus.message" in {span["name"] for span in spans}
    assert len([line for line in draw_tree(spans) if not line.startswith(" ")]) == 1
    assert "sig=" not in json.dumps(read_telemetry(stack_with_a_tracing_sdk, "spans"))


async def test_a_batch_is_one_trace_even_if_every_event_is_delivered_twice(twice: Exchange) -> None:
    batch = await run_batch(twice)
    await wait_for_spans(twice, batch, "import", 2)
    (spans,) = list_traces(twice.stack, batch["id"]).values()
    lines = draw_tree(spans)
    assert [line for line in lines if not line.startswith(" ")] == ["references_enhancement_batch"]
    assert {line.strip() for line in lines} - {"sweep"} == {line.strip() for line in EXPECTED_TREE.split("\n") if line}
    assert lines.count("    dispatch") == 2
    assert [line.strip() for line in lines].count("call robot") == 1
