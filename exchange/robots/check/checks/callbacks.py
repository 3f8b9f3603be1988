"""How the robot calls back."""

from functools import partial
from itertools import pairwise

from exchange.robots.check.bench import Bench
from exchange.robots.check.checks.common import deliver_gone, judge_fault
from exchange.robots.check.jobs import DISCONNECT, Fault, Kind, PlayedJob
from exchange.robots.check.model import Check, Failed, Judgement, Level, Passed, judge_that
from exchange.robots.check.reading import find_batch_error

_RETRY_AFTER_S = 2
# Clocks and timers are not exact.
_TOLERANCE_S = 0.1


async def _judge_body(bench: Bench) -> Judgement:
    job = await bench.deliver_plain()
    if error := find_batch_error(job):
        return Failed(f"The robot reported that a batch of ordinary references failed: {error}")
    return await judge_fault(bench, Fault.BODY)


async def _judge_repetition(bench: Bench, fault: int) -> Judgement:
    """Answer the first callback with a fault. The job is delivered only if there is a second one."""
    await bench.deliver(PlayedJob([bench.references.make_ordinary()], {Kind.CALLBACK: [fault]}))
    return Passed()


async def _judge_patience(bench: Bench) -> Judgement:
    job = PlayedJob([bench.references.make_ordinary()], {Kind.CALLBACK: [503]})
    job.retry_after_s = _RETRY_AFTER_S
    await bench.deliver(job)
    waits = [later.at - earlier.at for earlier, later in pairwise(job.list(Kind.CALLBACK))]
    return judge_that(
        passed=min(waits) > _RETRY_AFTER_S - _TOLERANCE_S,
        found=f"The answer had Retry-After: {_RETRY_AFTER_S}, but the robot called back after {min(waits):.1f} s.",
    )


async def _judge_refusal(bench: Bench) -> Judgement:
    """Refuse every callback for good."""
    job = PlayedJob([bench.references.make_ordinary()], {Kind.CALLBACK: [409] * 100})
    await bench.deliver(job)
    await bench.wait_quietly(job)
    callbacks = len(job.list(Kind.CALLBACK))
    return judge_that(passed=callbacks == 1, found=f"The robot called back {callbacks} times, although it got 409.")


async def _judge_end(bench: Bench) -> Judgement:
    job = await bench.deliver_plain()
    await bench.wait_quietly(job)
    callbacks = len(job.list(Kind.CALLBACK))
    return judge_that(passed=callbacks == 1, found=f"The robot called back {callbacks} times, although it got 200.")


async def _judge_secrecy(bench: Bench) -> Judgement:
    job = await deliver_gone(bench)
    bodies = b"".join(callback.body for callback in job.list(Kind.CALLBACK))
    return judge_that(
        passed=not bench.has_secret(bodies),
        found="The message about the failure has a signed URL or the robot's secret.",
    )


CHECKS = (
    Check(
        "CALL-001",
        Level.MUST,
        "calls back after the result is uploaded",
        "The callback starts the import. Without it the requestor waits for 15 minutes after the upload. A callback "
        "before the upload is refused.",
        "Send the callback when the upload was answered with 201.",
        partial(judge_fault, fault=Fault.EARLY),
        needs_delivery=False,
    ),
    Check(
        "CALL-002",
        Level.MUST,
        "signs the callback",
        "The exchange answers 401 otherwise.",
        "Sign exactly the bytes that are sent, with the time of this attempt, as docs/robots.md describes.",
        partial(judge_fault, fault=Fault.SIGNATURE),
    ),
    Check(
        "CALL-003",
        Level.MUST,
        "reports ordinary references without an error",
        "If error is not null, the whole batch fails and nothing is imported.",
        "Send null as error. Deliver an error for a single reference in the result file.",
        _judge_body,
    ),
    Check(
        "CALL-004",
        Level.SHOULD,
        "sends the callback as application/json",
        "Proxies and firewalls may refuse or change a body of another type.",
        "Send 'Content-Type: application/json'.",
        partial(judge_fault, fault=Fault.MEDIA_TYPE),
    ),
    Check(
        "CALL-005",
        Level.MUST,
        "repeats a callback that got 503",
        "The exchange answers 503 while one of its services is down. Nothing is recorded then.",
        "Repeat the callback after a while, signed again.",
        partial(_judge_repetition, fault=503),
    ),
    Check(
        "CALL-006",
        Level.SHOULD,
        "waits as long as Retry-After says",
        "An earlier attempt only adds load, and is answered in the same way.",
        "Read the seconds in the header Retry-After, and wait at least as long.",
        _judge_patience,
    ),
    Check(
        "CALL-007",
        Level.MUST,
        "repeats a callback without an answer",
        "A connection can break before the answer arrives. Repeating a callback is always allowed.",
        "Treat a connection error like 503.",
        partial(_judge_repetition, fault=DISCONNECT),
    ),
    Check(
        "CALL-008",
        Level.SHOULD,
        "does not repeat a callback that got 409",
        "The batch has ended, or has no result. The same callback is refused each time.",
        "Log the detail of the answer, and end the job.",
        _judge_refusal,
    ),
    Check(
        "CALL-009",
        Level.SHOULD,
        "does not repeat a callback that got 200",
        "It changes nothing, and costs both sides time.",
        "End the job after 200.",
        _judge_end,
    ),
    Check(
        "CALL-010",
        Level.MUST,
        "keeps signed URLs and the secret out of its messages",
        "Requestors read the message. HTTP clients put the URL in their errors.",
        "Write a message of your own, with the status, instead of the text of the exception.",
        _judge_secrecy,
    ),
)
