"""Whether the robot verifies the exchange's signatures."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from msgspec.json import encode

from exchange.robots.check.bench import Bench
from exchange.robots.check.curl import EXAMPLE_JOB, make_curl, make_unsigned_curl
from exchange.robots.check.jobs import PlayedJob
from exchange.robots.check.model import PUSH_ONLY, Check, Failed, Judgement, Level, Passed, judge_that

_REFUSALS = (401, 403)
_TOO_OLD_S = 600
_OLD_S = 240
_VERIFY = "Compute the signature over the bytes of the body, and answer 401 if it is not the one in Authorization."


async def _judge_refusal(
    bench: Bench, make_headers: Callable[[bytes], Mapping[str, str]], curl: str, suffix: bytes = b""
) -> Judgement:
    """Judge whether the robot refuses a call, and does not work on its job."""
    job = PlayedJob([bench.references.make_ordinary()])
    body = encode(bench.exchange.add(job))
    answer = await bench.call(body + suffix, make_headers(body))
    if answer.status not in _REFUSALS:
        return Failed(f"The robot answered {answer}, not HTTP 401 or 403.", curl)
    await bench.wait_quietly(job)
    return judge_that(
        passed=not job.requests,
        found=f"The robot refused the call, but worked on the job. {job.describe_requests()}",
        curl=curl,
    )


async def _judge_unsigned(bench: Bench) -> Judgement:
    return await _judge_refusal(bench, lambda _: {}, make_unsigned_curl(bench.robot_url))


async def _judge_wrong(bench: Bench) -> Judgement:
    def make_headers(body: bytes) -> Mapping[str, str]:
        return replace(bench.credentials, secret="0" * 64).make_headers(body)

    curl = make_curl(bench.robot_url, bench.credentials.robot_id)
    return await _judge_refusal(bench, make_headers, f"(export ROBOT_SECRET={'0' * 64}; {curl})")


async def _judge_old(bench: Bench, age_s: int) -> Judgement:
    curl = make_curl(bench.robot_url, bench.credentials.robot_id, age_s=age_s)
    return await _judge_refusal(bench, lambda body: bench.sign(body, age_s), curl)


async def _judge_changed(bench: Bench) -> Judgement:
    """Send a body with a space at its end that was not signed."""
    curl = make_curl(bench.robot_url, bench.credentials.robot_id, sent=f"{EXAMPLE_JOB} ", signed=EXAMPLE_JOB)
    return await _judge_refusal(bench, bench.sign, curl, suffix=b" ")


async def _judge_acceptance(bench: Bench, job: PlayedJob, body: bytes, age_s: float, curl: str) -> Judgement:
    async with bench.place():
        answer = await bench.call(body, bench.sign(body, age_s))
        if not answer.accepted:
            return Failed(f"The robot answered {answer}.", curl)
        await bench.wait(job)
    return Passed()


async def _judge_drift(bench: Bench) -> Judgement:
    job = PlayedJob([bench.references.make_ordinary()])
    curl = make_curl(bench.robot_url, bench.credentials.robot_id, age_s=_OLD_S)
    return await _judge_acceptance(bench, job, encode(bench.exchange.add(job)), _OLD_S, curl)


async def _judge_bytes(bench: Bench) -> Judgement:
    """Send JSON that most programs would write in another way."""
    job = PlayedJob([bench.references.make_ordinary()])
    body = b'{ "note":"\xc3\xa9\\u00e9" ,\n' + encode(bench.exchange.add(job))[1:] + b"\n"
    sent = f'{{ "note":"\u00e9\\u00e9" , {EXAMPLE_JOB[1:]} '
    curl = make_curl(bench.robot_url, bench.credentials.robot_id, sent=sent)
    return await _judge_acceptance(bench, job, body, 0, curl)


CHECKS = (
    Check(
        "SIGN-001",
        Level.MUST,
        "refuses a job without a signature",
        "Anyone who finds the robot's address could give it work, and have it send its results to any address.",
        _VERIFY,
        _judge_unsigned,
        needs_delivery=False,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "SIGN-002",
        Level.MUST,
        "refuses a job with a wrong signature",
        "The exchange signs with the previous secret only after 401 or 403. A robot that accepts any signature accepts "
        "jobs from anyone.",
        _VERIFY,
        _judge_wrong,
        needs_delivery=False,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "SIGN-003",
        Level.MUST,
        "refuses a job that was signed ten minutes ago",
        "A call that was recorded could be repeated at any time.",
        "Answer 401 if X-Request-Timestamp differs from the clock by more than 300 seconds.",
        partial(_judge_old, age_s=_TOO_OLD_S),
        needs_delivery=False,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "SIGN-004",
        Level.MUST,
        "refuses a job that was signed ten minutes in the future",
        "The difference counts in both directions. Otherwise such a call stays valid for longer.",
        "Compare the absolute difference between X-Request-Timestamp and the clock with 300 seconds.",
        partial(_judge_old, age_s=-_TOO_OLD_S),
        needs_delivery=False,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "SIGN-005",
        Level.MUST,
        "refuses a job whose body was changed",
        "A signature that does not cover every byte of the body protects nothing.",
        _VERIFY,
        _judge_changed,
        needs_delivery=False,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "SIGN-006",
        Level.SHOULD,
        "accepts a job that was signed four minutes ago",
        "Clocks differ, and a proxy may hold a call back. Up to 300 seconds are usual.",
        "Allow a difference of 300 seconds, and set the clock of the machine by NTP.",
        _judge_drift,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "SIGN-007",
        Level.MUST,
        "verifies the bytes of the body as they came",
        "JSON can be written in many ways. A robot that parses the body and writes it again gets other bytes, and "
        "refuses valid calls.",
        "Read the raw body, verify its signature, and only then parse it.",
        _judge_bytes,
        deliveries=PUSH_ONLY,
    ),
)
