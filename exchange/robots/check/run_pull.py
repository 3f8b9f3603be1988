"""Runs the checks on a robot that fetches its jobs."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from secrets import token_hex
from uuid import uuid4

from exchange.robots.check.bench import NotDeliveredError
from exchange.robots.check.model import Finding
from exchange.robots.check.process import RobotProcess, StartError, start_command
from exchange.robots.check.pull_bench import PullBench
from exchange.robots.check.queue import PATHS
from exchange.robots.check.references import ReferenceMaker
from exchange.robots.check.run import CheckError, Plan, run_checks, serve
from exchange.robots.exchange import Credentials


async def check_pull_robot(command: Sequence[str], plan: Plan) -> list[Finding]:
    """Check the robot that a command starts. Raises CheckError if it fetches nothing."""
    credentials = Credentials(uuid4(), token_hex(32))
    start = partial(start_command, command)
    async with serve(plan, credentials) as exchange:
        bench = PullBench(exchange, credentials, plan.times, ReferenceMaker(plan.needs), start)
        try:
            async with start(exchange.url, credentials) as process:
                return await run_checks(bench, plan, delivers=await _try_first_job(bench, process))
        except StartError as error:
            raise CheckError(str(error)) from None


async def _try_first_job(bench: PullBench, process: RobotProcess) -> bool:
    """Return whether the robot fetches and delivers a job with ordinary references. Raises CheckError."""
    job = bench.make_plain()
    offering = asyncio.create_task(bench.send(job))
    while not offering.done():
        if process.has_ended():
            offering.cancel()
            raise CheckError(f"The robot did not fetch work, but ended: {process.read_last_line()}")
        await asyncio.wait([offering], timeout=0.1)
    if not (await offering).accepted:
        raise CheckError(
            f"The robot did not fetch work within {bench.times.job_s:g} s. It must send "
            f"POST {bench.exchange.url}{PATHS[0]}/?robot_id=<ROBOT_ID>."
        )
    bench.keep_plain(job)
    with suppress(NotDeliveredError):
        await bench.deliver_plain()
        return True
    return False
