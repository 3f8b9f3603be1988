"""What is told of a batch: one trace from the request to the report. That it holds no secret is in `test_logs`."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.e2e.conftest import SHORT
from tests.e2e.exchange import BATCHES, Batch, Exchange, eventually, exchange_on
from tests.e2e.robot import Order, Robot, running_robot
from tests.e2e.test_flows import entries_for
from tests.e2e.traces import of_batch, told, traces_of, tree
from tests.stacks import Stack, running_stack

EVERY_SECOND = {**SHORT, "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
WHOLE = """
references_enhancement_batch
  request batch
    dispatch
      snapshot
      call robot
    validate
    callback
      import
        import window
        write report
"""


async def whole_batch(exchange: Exchange) -> Batch:
    """Let a batch go right, its result validated before the robot calls back."""
    references = await exchange.load(3)

    async def deliver_first(robot: Robot, order: Order) -> web.Response:
        assert await robot.upload(order, *entries_for(references)) == 201
        return web.Response(status=202)

    async with running_robot(exchange, deliver_first) as robot:
        batch = await exchange.request(await exchange.register_robot(robot.url), references)
        await ended_spans(exchange, batch, "validate")
        await robot.call_back(robot.orders[0])
        return await exchange.ended(batch)


async def ended_spans(exchange: Exchange, batch: Batch, name: str, count: int = 1) -> None:
    async def look() -> bool | None:
        names = [span["name"] for span in of_batch(exchange.stack, batch["id"])]
        return names.count(name) >= count or None

    await eventually(look, f"{count} spans '{name}' of batch {batch['id']}")


@pytest.fixture(scope="module")
def telling_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("telling"), **EVERY_SECOND) as stack:
        yield stack


@pytest.fixture
def stack_with_a_tracing_sdk(tmp_path: Path) -> Iterator[Stack]:
    """Give a stack where Azure's SDKs make spans as well, as they do unless Azure's worker is told otherwise."""
    with running_stack(tmp_path, **SHORT, AZURE_SDK_TRACING_IMPLEMENTATION="opentelemetry") as stack:
        yield stack


@pytest.fixture
async def telling(telling_stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(telling_stack) as exchange:
        yield exchange


async def test_a_batch_is_one_tree_of_spans(telling: Exchange) -> None:
    batch = await whole_batch(telling)
    await ended_spans(telling, batch, "import")
    (spans,) = traces_of(telling.stack, batch["id"]).values()
    assert "\n".join(tree(spans)) == WHOLE.strip()


async def test_a_caller_s_own_trace_goes_on_in_the_batch_s(telling: Exchange) -> None:
    robot_id = await telling.register_robot("http://127.0.0.1:9")
    order = {"robot_id": robot_id, "reference_ids": await telling.load(1)}
    trace_id, span_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    headers = {**telling.as_role("requestor"), "traceparent": f"00-{trace_id}-{span_id}-01"}
    async with telling.session.post(telling.stack.api + BATCHES, json=order, headers=headers) as response:
        batch = await telling.ended(await response.json())
    ((trace, spans),) = traces_of(telling.stack, batch["id"]).items()
    assert trace == f"0x{trace_id}"
    assert spans[0]["name"] == "request batch"
    assert [span["parent_id"] for span in spans if span["name"] == "references_enhancement_batch"] == [f"0x{span_id}"]


@pytest.mark.parametrize("malformed", ["", "-", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "\u00e9" * 55, "0" * 20_000])
async def test_a_malformed_trace_is_none(telling: Exchange, malformed: str) -> None:
    robot_id = await telling.register_robot("http://127.0.0.1:9")
    order = {"robot_id": robot_id, "reference_ids": await telling.load(1)}
    headers = {**telling.as_role("requestor"), "traceparent": malformed}
    async with telling.session.post(telling.stack.api + BATCHES, json=order, headers=headers) as response:
        assert response.status == 202
        assert len(traces_of(telling.stack, (await response.json())["id"])) == 1


async def test_what_came_in_by_another_trace_is_linked(telling: Exchange) -> None:
    batch = await whole_batch(telling)
    (spans,) = traces_of(telling.stack, batch["id"]).values()
    linked = {span["name"]: {link["context"]["span_id"] for link in span["links"]} for span in spans}
    for name, caller in {
        "dispatch": "dispatch",
        "validate": "validate",
        "callback": "robot_enhancement_batch",
        "import": "import_delivered",
    }.items():
        (span_id,) = linked[name]
        assert [one["name"] for one in told(telling.stack, "spans") if one["context"]["span_id"] == span_id] == [caller]
    assert not any(linked[name] for name in ("request batch", "snapshot", "import window"))


async def test_an_error_is_told_by_its_class(telling: Exchange) -> None:
    async def never(_robot: Robot, _order: Order) -> web.Response:
        return web.Response(status=202)

    async with running_robot(telling, never) as robot:
        batch = await telling.request(await telling.register_robot(robot.url), await telling.load(1))
        await telling.until(batch, {"accepted"})
        assert (await robot.call_back(robot.orders[0]))[0] == 409
    (callback,) = (span for span in of_batch(telling.stack, batch["id"]) if span["name"] == "callback")
    assert callback["status"] == {"status_code": "ERROR", "description": "ResultMissing"}
    assert callback["events"] == []


async def test_what_is_logged_of_a_batch_says_so(telling: Exchange) -> None:
    batch = await whole_batch(telling)
    (trace,) = traces_of(telling.stack, batch["id"])
    records = [record for record in told(telling.stack, "logs") if batch["id"] in record["body"]]
    assert len(records) >= 4
    for record in records:
        assert record["attributes"]["batch_id"] == batch["id"], record
        assert record["attributes"]["robot_id"] == batch["robot_id"], record
    assert trace in {record["trace_id"] for record in records}


async def test_counts_and_times_are_told(telling: Exchange) -> None:
    await whole_batch(telling)

    async def look() -> set[str] | None:
        metrics = told(telling.stack, "metrics")
        names = {
            f"{metric['name']} {metric['unit']}"
            for one in metrics[-1:]
            for resource in one["resource_metrics"]
            for scope in resource["scope_metrics"]
            for metric in scope["metrics"]
        }
        return names if "exchange.batches.ended {batch}" in names else None

    found = await eventually(look, "metrics")
    assert {"exchange.result.entries {entry}", "exchange.step.duration s"} <= found


async def test_the_sdk_s_own_spans_hang_below_ours(stack_with_a_tracing_sdk: Stack) -> None:
    async with exchange_on(stack_with_a_tracing_sdk) as exchange:
        batch = await whole_batch(exchange)
        await ended_spans(exchange, batch, "import")
    (spans,) = traces_of(stack_with_a_tracing_sdk, batch["id"]).values()
    names = {line.strip() for line in WHOLE.split("\n")}
    assert "\n".join(tree([span for span in spans if span["name"] in names])) == WHOLE.strip()
    assert "ServiceBus.message" in {span["name"] for span in spans}
    assert len([line for line in tree(spans) if not line.startswith(" ")]) == 1
    assert "sig=" not in json.dumps(told(stack_with_a_tracing_sdk, "spans"))


async def test_though_everything_comes_twice_it_is_one_trace(twice: Exchange) -> None:
    batch = await whole_batch(twice)
    await ended_spans(twice, batch, "import", 2)
    (spans,) = traces_of(twice.stack, batch["id"]).values()
    drawn = tree(spans)
    assert [line for line in drawn if not line.startswith(" ")] == ["references_enhancement_batch"]
    assert {line.strip() for line in drawn} - {"sweep"} == {line.strip() for line in WHOLE.split("\n") if line}
    assert drawn.count("    dispatch") == 2
    assert [line.strip() for line in drawn].count("call robot") == 1
