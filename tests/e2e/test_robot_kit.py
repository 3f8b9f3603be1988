"""A robot on the kit, on the local stack."""

from pathlib import Path
from uuid import UUID

import aiohttp
from aiohttp import web

from exchange.robots import Annotation, CannotJudge, Reference, Robot, annotation
from exchange.robots.exchange import Credentials
from exchange.robots.exchange import Exchange as ExchangeClient
from exchange.robots.jobs import JobStore
from exchange.robots.retries import TIMEOUT, Backoff, Http
from exchange.robots.server import RobotServer
from exchange.robots.storage import BLOCK_BYTES
from exchange.robots.work import JobRunner
from tests.e2e.exchange import Exchange

robot = Robot("kit", version="7", needs=["bibliographic", "abstract"])


@robot.enhance
def enhance(reference: Reference) -> Annotation:
    """Return a label with much data for the last reference, and nothing for references without an abstract."""
    if reference.abstract is None:
        raise CannotJudge("There is no abstract.")
    return annotation("kit", reference.title or "", data={"abstract": reference.abstract, "padding": "x" * 100_000})


async def test_a_batch_is_enhanced_by_a_robot_on_the_kit(
    exchange: Exchange, tmp_path: Path, unused_tcp_port: int
) -> None:
    references = await exchange.load_references(60, start=200)
    robot_id = await exchange.register_robot(
        f"http://127.0.0.1:{unused_tcp_port}", dependent_enhancements=["bibliographic", "abstract"]
    )
    credentials = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    store, judge = JobStore(tmp_path), robot.make_judge(2)
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        http = Http(session, Backoff())
        client = ExchangeClient(exchange.stack.api, credentials, http)
        server = RobotServer(robot.version, credentials, JobRunner(judge, client, http, store), store)
        runner = web.AppRunner(server.make_app(), shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
            batch = await exchange.wait_until_ended(await exchange.request_batch(robot_id, references))
        finally:
            await server.stop()
            await runner.cleanup()
            judge.close()
    # The result is larger than a block, so it was uploaded in several.
    assert len(references) * 100_000 > BLOCK_BYTES
    assert batch["entries"]["total"] == len(references)
    assert batch["entries"]["added"] + batch["entries"]["robot_error"] == len(references)
    assert batch["entries"]["added"] > 0
    report = await exchange.read_report(batch)
    assert sum("There is no abstract." in line for line in report) == batch["entries"]["robot_error"]
    (added,) = await exchange.list_enhancements(references[0], source="kit")
    assert (added["robot_version"], len(added["derived_from"])) == ("7", 2)
