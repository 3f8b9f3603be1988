"""No log, problem or telemetry file contains a secret, a token, a signature, a signed URL or a request body."""

import json
import re
from uuid import UUID, uuid4

from aiohttp import web

from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import BATCHES, CALLBACK, Exchange, exchange_on, wait_for
from tests.e2e.robot import Job, Robot, running_robot
from tests.e2e.test_flows import deliver, make_entries
from tests.results import annotation
from tests.stacks import Stack

BODY_MARK = "a confidential sentence"


async def run_batch_with_errors(exchange: Exchange) -> set[str]:
    """Run a batch with retries, invalid entries and refused requests. Return the secrets that were used."""
    references = await exchange.load_references(3)
    secrets: set[str] = {*exchange.stack.tokens.values()}

    async def fail_once_then_deliver(robot: Robot, job: Job) -> web.Response:
        secrets.update(url for name, url in job.items() if name.endswith("_url"))
        if len(robot.jobs) == 1:
            return web.Response(status=503, text=f"{BODY_MARK} {job['result_storage_url']}")
        await robot.download_references(job)
        entries = [annotation(references[0], BODY_MARK), f'{{"{BODY_MARK}'.encode(), *make_entries(references[1:])]
        return await deliver(robot, job, *entries)

    async with running_robot(exchange, fail_once_then_deliver) as robot:
        robot_id = await exchange.register_robot(robot.url)
        batch = await exchange.wait_until_ended(await exchange.request_batch(robot_id, references))
        assert batch["request_status"] == "partial_failed"
        assert len(await exchange.read_report(batch)) == 4
        secrets.update(url for name, url in batch.items() if url and name.endswith(("_url", "_file")))
    secrets.update(exchange.secrets.values())
    problems = await provoke_problems(exchange, robot_id, batch["id"])
    assert not [secret for secret in secrets if secret in problems], "a problem contains a secret"
    return {secret.rpartition("sig=")[2].partition("&")[0] for secret in secrets}


async def provoke_problems(exchange: Exchange, robot_id: str, batch_id: str) -> str:
    """Send requests that are refused. Return all problems as JSON."""
    wrong = Credentials(UUID(robot_id), f"wrong {exchange.secrets[robot_id]}")
    right = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    answers = [
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
        answers.append((response.status, await response.json()))
    assert all(400 <= status < 500 for status, _ in answers)
    return json.dumps(answers)


async def wait_for_metrics(stack: Stack) -> None:
    async def find_metric() -> bool | None:
        return "exchange.batches.ended" in (stack.folder / "telemetry" / "metrics.jsonl").read_text() or None

    await wait_for(find_metric, "metrics")


async def test_no_log_contains_a_secret(stack_with_a_tracing_sdk: Stack) -> None:
    stack = stack_with_a_tracing_sdk
    async with exchange_on(stack) as exchange:
        secrets = await run_batch_with_errors(exchange)
    await wait_for_metrics(stack)
    folders = [stack.folder / name for name in ("logs", "telemetry")]
    logs = {file.name: file.read_text(errors="replace") for folder in folders for file in folder.iterdir()}
    logs["up.log"] = (stack.folder / "up.log").read_text()
    assert {"host.log", "azurite.log", "cosmos.log", "servicebus.log", "issuer.log", "up.log"} <= set(logs)
    assert "is partial_failed" in logs["host.log"], "the logs of the flow must be complete"
    assert "call robot" in logs["spans.jsonl"]
    assert "is partial_failed" in logs["logs.jsonl"]
    settings = stack.settings
    secrets |= {settings["ROBOT_MASTER_KEY"], settings["COSMOS_KEY"], "SharedAccessKey=", "AccountKey="}
    assert len(secrets) >= 10
    for name, text in logs.items():
        for secret in secrets:
            assert secret not in text, f"{name} contains a secret"
        assert not re.search(r"sig=|Signature [0-9a-f]{8}|Bearer (?!\$)\S{8}|eyJ[\w-]{8}", text), name
        assert BODY_MARK not in text, f"{name} contains a request body"


def test_private_files_are_readable_by_their_owner_only(stack_with_a_tracing_sdk: Stack) -> None:
    for name in ("stack.json", "issuer.pem", "tls/server.key"):
        assert (stack_with_a_tracing_sdk.folder / name).stat().st_mode & 0o077 == 0, name
