"""No log, no problem body and no file of the stack's names a secret, a token, a signature or a signed URL."""

import json
import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from samples.robot.signing import Credentials
from tests.e2e.exchange import BATCHES, CALLBACK, Exchange, eventually, exchange_on
from tests.e2e.robot import Order, Robot, running_robot
from tests.e2e.test_flows import deliver, entries_for
from tests.results import annotation
from tests.stacks import Stack, running_stack

BODY_MARK = "a sentence of nobody's business"


@pytest.fixture(scope="module")
def watched_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    short = {"ROBOT_RETRY_FIRST_DELAY_S": "0.2", "ROBOT_CALL_TIMEOUT_S": "1.5", "SWEEP_SCHEDULE": "* * * * * *"}
    short["OTEL_METRIC_EXPORT_INTERVAL"] = "200"
    with running_stack(tmp_path_factory.mktemp("watched"), **short) as stack:
        yield stack


async def go_through_everything(exchange: Exchange) -> set[str]:
    """Let all go right that can, and wrong; return the secrets that were in play."""
    references = await exchange.load(3)
    secrets: set[str] = {*exchange.stack.tokens.values()}

    async def eventful(robot: Robot, order: Order) -> web.Response:
        secrets.update(url for name, url in order.items() if name.endswith("_url"))
        if len(robot.orders) == 1:
            return web.Response(status=503, text=f"{BODY_MARK} {order['result_storage_url']}")
        await robot.references(order)
        entries = [annotation(references[0], BODY_MARK), f'{{"{BODY_MARK}'.encode(), *entries_for(references[1:])]
        return await deliver(robot, order, *entries)

    async with running_robot(exchange, eventful) as robot:
        robot_id = await exchange.register_robot(robot.url)
        batch = await exchange.ended(await exchange.request(robot_id, references))
        assert batch["request_status"] == "partial_failed"
        assert len(await exchange.report(batch)) == 4
        secrets.update(url for name, url in batch.items() if url and name.endswith(("_url", "_file")))
    secrets.update(exchange.secrets.values())
    problems = await provoke(exchange, robot_id, batch["id"])
    assert not [secret for secret in secrets if secret in problems], "a problem's body tells"
    return {secret.rpartition("sig=")[2].partition("&")[0] for secret in secrets}


async def provoke(exchange: Exchange, robot_id: str, batch_id: str) -> str:
    """Do what is refused; return all that is said about it."""
    wrong = Credentials(UUID(robot_id), f"wrong {exchange.secrets[robot_id]}")
    right = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    said = [
        await exchange.call_as_robot(wrong, {"request_id": batch_id}),
        await exchange.call_as_robot(right, {"request_id": batch_id, "error": {"message": BODY_MARK}}),
        await exchange.call_as_robot(right, f'{{"{BODY_MARK}'.encode()),
        await exchange.post(BATCHES, f'{{"{BODY_MARK}'.encode()),
        await exchange.post("/robots/", {"name": BODY_MARK, "base_url": f"https://{BODY_MARK}/?sig=abc"}),
        await exchange.post(CALLBACK, {"request_id": batch_id}),
    ]
    forged = exchange.stack.tokens["operator"][:-4] + "AAAA"
    url, headers = exchange.stack.api + BATCHES, {"Authorization": f"Bearer {forged}"}
    async with exchange.session.get(url, params={"sig": str(uuid4())}, headers=headers) as response:
        said.append((response.status, await response.json()))
    assert all(400 <= status < 500 for status, _ in said)
    return json.dumps(said)


async def metrics_are_written(stack: Stack) -> None:
    async def look() -> bool | None:
        return "exchange.batches.ended" in (stack.folder / "telemetry" / "metrics.jsonl").read_text() or None

    await eventually(look, "metrics")


async def test_no_log_tells_a_secret(watched_stack: Stack) -> None:
    async with exchange_on(watched_stack) as exchange:
        secrets = await go_through_everything(exchange)
    await metrics_are_written(watched_stack)
    folders = [watched_stack.folder / name for name in ("logs", "telemetry")]
    logs = {file.name: file.read_text(errors="replace") for folder in folders for file in folder.iterdir()}
    logs["up.log"] = (watched_stack.folder / "up.log").read_text()
    assert {"host.log", "azurite.log", "cosmos.log", "servicebus.log", "issuer.log", "up.log"} <= set(logs)
    assert "is partial_failed" in logs["host.log"], "the flow is there"
    assert "call robot" in logs["spans.jsonl"]
    assert "is partial_failed" in logs["logs.jsonl"]
    settings = watched_stack.settings
    secrets |= {settings["ROBOT_MASTER_KEY"], settings["COSMOS_KEY"], "SharedAccessKey=", "AccountKey="}
    assert len(secrets) >= 10
    for name, text in logs.items():
        for secret in secrets:
            assert secret not in text, f"{name} tells a secret"
        assert not re.search(r"sig=|Signature [0-9a-f]{8}|Bearer \S{8}|eyJ[\w-]{8}", text), name
        assert BODY_MARK not in text, f"{name} tells what was sent"


def test_what_is_private_is_readable_by_its_owner_alone(watched_stack: Stack) -> None:
    for name in ("stack.json", "issuer.pem", "tls/server.key"):
        assert (watched_stack.folder / name).stat().st_mode & 0o077 == 0, name
