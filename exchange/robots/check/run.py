"""Runs the checks on a robot."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from secrets import token_hex
from uuid import uuid4

from exchange.robots.check.bench import Bench, NotDeliveredError, Times
from exchange.robots.check.checks import CHECKS
from exchange.robots.check.model import Check, Delivery, Failed, Finding, Judgement, NotApplicable
from exchange.robots.check.played import ListenError, PlayedExchange
from exchange.robots.check.process import StartError, start_kit
from exchange.robots.check.references import ALL_NEEDS, ReferenceMaker
from exchange.robots.exchange import Credentials

_UNAUTHORIZED = (401, 403)


class CheckError(Exception):
    """The robot cannot be checked. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to check, and how. `skipped` has a reason for each id."""

    only: Collection[str] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    times: Times = field(default_factory=Times)
    needs: Collection[str] = ALL_NEEDS
    host: str = "127.0.0.1"
    port: int = 0
    address: str | None = None
    delivery: Delivery = Delivery.PUSH

    def __post_init__(self) -> None:
        """Raise CheckError for an unknown id."""
        known = {check.id for check in CHECKS}
        if unknown := sorted({*self.only, *self.skipped} - known):
            raise CheckError(f"Unknown check: {', '.join(unknown)}. docs/robots.md lists the checks.")

    def select(self) -> list[Check]:
        """Return the checks that are asked for. The default is those for the way in which the robot gets its jobs."""
        if self.only:
            return [check for check in CHECKS if check.id in self.only]
        return [check for check in CHECKS if self.delivery in check.deliveries]


async def check_url(
    robot_url: str, credentials: Credentials, plan: Plan, announce: Callable[[str], None]
) -> list[Finding]:
    """Check a robot that is running. `announce` gets the address that it must call."""
    async with serve(plan, credentials) as exchange:
        announce(exchange.url)
        bench = Bench(exchange, credentials, plan.times, ReferenceMaker(plan.needs))
        bench.robot_url = robot_url
        return await check_robot(bench, plan)


async def check_kit_robot(name: str, plan: Plan) -> list[Finding]:
    """Check the robot `module:robot`, which is on the kit. It is started here. Raises CheckError."""
    credentials = Credentials(uuid4(), token_hex(32))
    async with serve(plan, credentials) as exchange:
        start = partial(start_kit, name, exchange.url, credentials)
        bench = Bench(exchange, credentials, plan.times, ReferenceMaker(plan.needs), start)
        try:
            async with start() as process:
                bench.robot_url = process.url
                return await check_robot(bench, plan)
        except StartError as error:
            raise CheckError(str(error)) from None


async def check_robot(bench: Bench, plan: Plan) -> list[Finding]:
    """Run the checks. Raises CheckError if the robot does not answer or does nothing."""
    return await run_checks(bench, plan, delivers=await _try_first_job(bench))


async def run_checks(bench: Bench, plan: Plan, *, delivers: bool) -> list[Finding]:
    """Run the checks, several at the same time. Without deliveries, most of them cannot be made."""
    return list(await asyncio.gather(*(_find(check, bench, plan, delivers=delivers) for check in plan.select())))


@asynccontextmanager
async def serve(plan: Plan, credentials: Credentials) -> AsyncIterator[PlayedExchange]:
    """Play the exchange until the context ends. Raises CheckError."""
    exchange = PlayedExchange(credentials)
    try:
        async with exchange.serve(plan.host, plan.port, plan.address):
            yield exchange
    except ListenError as error:
        raise CheckError(f"{error} Choose another address with --listen.") from None


async def _try_first_job(bench: Bench) -> bool:
    """Return whether the robot delivers a job with ordinary references. Raises CheckError."""
    job = bench.make_plain()
    answer = await bench.send(job)
    if answer.status is None:
        raise CheckError(f"{bench.robot_url} gave {answer}. Start the robot, and check the address.")
    if answer.status in _UNAUTHORIZED:
        raise CheckError(
            f"The robot answered {answer} to a job that is signed correctly. Use the same ROBOT_ID and ROBOT_SECRET "
            "for the robot and for the check, and see that both clocks are right."
        )
    if not answer.accepted:
        raise CheckError(f"The robot answered {answer} to {bench.robot_url.rstrip('/')}/batch/. It must accept a job.")
    bench.keep_plain(job)
    try:
        await bench.deliver_plain()
    except NotDeliveredError:
        if not job.requests and not bench.exchange.strays:
            raise CheckError(
                f"The robot accepted a job, but sent no request within {bench.times.job_s:g} s. It must call "
                f"{bench.exchange.url}: a robot on the kit has the option --api for this."
            ) from None
        return False
    return True


async def _find(check: Check, bench: Bench, plan: Plan, *, delivers: bool) -> Finding:
    if reason := plan.skipped.get(check.id):
        return Finding(check, NotApplicable(reason), skipped=True)
    if plan.delivery not in check.deliveries:
        way = "fetches its jobs" if plan.delivery is Delivery.PULL else "is called"
        return Finding(check, NotApplicable(f"This check is not for a robot that {way}."))
    if check.needs_delivery and not delivers:
        return Finding(check, NotApplicable("The robot does not deliver ordinary references. See CALL-001."))
    return Finding(check, await _judge(check, bench))


async def _judge(check: Check, bench: Bench) -> Judgement:
    try:
        return await check.judge(bench)
    except (NotDeliveredError, StartError) as error:
        return Failed(str(error))


def list_failures(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that fail the robot."""
    return [finding for finding in findings if finding.outcome == "failed"]
