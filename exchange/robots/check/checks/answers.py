"""How the robot answers a job, and how often it works on it."""

import asyncio

from exchange.robots.check.bench import Answer, Bench
from exchange.robots.check.jobs import Kind, PlayedJob
from exchange.robots.check.model import PUSH_ONLY, Check, Failed, Judgement, Level, Passed, judge_that

_ACCEPTED = 202
_REPEATED = 409


async def _judge_status(bench: Bench) -> Judgement:
    async with bench.place():
        job = PlayedJob([bench.references.make_ordinary()])
        answer = await bench.send(job)
        await bench.wait(job)
    return judge_that(passed=answer.status == _ACCEPTED, found=f"The robot answered {answer}.")


async def _judge_early_answer(bench: Bench) -> Judgement:
    """Send a job whose download does not begin before the robot has answered."""
    job = _make_held_job(bench)
    async with bench.place():
        answer = await bench.send(job)
        job.release()
        if answer.status is None:
            return Failed(f"While the robot could not download the references, it gave {answer}.")
        await bench.wait(job)
    return Passed()


async def _judge_repetition(bench: Bench) -> Judgement:
    job = _make_held_job(bench)
    async with bench.place():
        await bench.send(job)
        repeated = await bench.send(job)
        job.release()
        await bench.wait(job)
    return await _judge_second_answer(bench, job, repeated)


async def _judge_late_repetition(bench: Bench) -> Judgement:
    job = await bench.deliver(PlayedJob([bench.references.make_ordinary()]))
    return await _judge_second_answer(bench, job, await bench.send(job))


async def _judge_second_answer(bench: Bench, job: PlayedJob, repeated: Answer) -> Judgement:
    if not repeated.accepted and repeated.status != _REPEATED:
        return Failed(f"The robot answered the second call with {repeated}, not with 202 or 409.")
    await bench.wait_quietly(job)
    downloads, callbacks = len(job.list(Kind.DOWNLOAD)), len(job.list(Kind.CALLBACK))
    return judge_that(
        passed=downloads == callbacks == 1,
        found=f"The robot worked on the job more than once: {downloads} downloads and {callbacks} callbacks.",
    )


async def _judge_unknown_fields(bench: Bench) -> Judgement:
    job = PlayedJob([bench.references.make_ordinary()])
    fields = {**bench.exchange.add(job), "extra_fields": {"a": [1]}, "a_new_field": {"b": None}}
    async with bench.place():
        answer = await bench.send_body(fields)
        if not answer.accepted:
            return Failed(f"The robot answered {answer}.")
        await bench.wait(job)
    return Passed()


async def _judge_two_jobs(bench: Bench) -> Judgement:
    """Send two jobs whose downloads begin only when both are open, if the robot works on several."""
    jobs = [_make_held_job(bench) for _ in range(2)]
    async with bench.place(), bench.place():
        sending = [asyncio.create_task(bench.send(job)) for job in jobs]
        await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        # A robot may fetch its second job only after the first one.
        await asyncio.wait(sending, timeout=bench.times.quiet_s)
        for job in jobs:
            job.release()
        answers = await asyncio.gather(*sending)
        if refused := next((answer for answer in answers if not answer.accepted), None):
            return Failed(f"The robot answered {refused} to one of two jobs at the same time.")
        await asyncio.gather(*map(bench.wait, jobs))
    first, second = jobs
    mixed = any(
        str(reference_id).encode() in (job.result or b"")
        for job, other in ((first, second), (second, first))
        for reference_id in other.reference_ids
    )
    return judge_that(passed=not mixed, found="The result of one job has entries for the references of the other one.")


def _make_held_job(bench: Bench) -> PlayedJob:
    job = PlayedJob([bench.references.make_ordinary()])
    job.hold()
    return job


CHECKS = (
    Check(
        "ANSW-001",
        Level.SHOULD,
        "accepts a job with 202",
        "Any status from 200 to 299 accepts a job. 202 says that the work is not done yet, which proxies and people "
        "understand.",
        "Answer 202 when the job is stored.",
        _judge_status,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "ANSW-002",
        Level.MUST,
        "answers a job before it does the work",
        "The exchange waits 30 seconds for the answer. Then it calls again, and an hour later the batch fails.",
        "Store the job, answer 202, and work in the background.",
        _judge_early_answer,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "ANSW-003",
        Level.MUST,
        "works once on a job that is sent twice",
        "The exchange repeats a call whose answer was lost. A second run costs time, and may replace a result that is "
        "being imported.",
        "Remember the ids of the jobs that are open, and answer 202 or 409 to a repeated one.",
        _judge_repetition,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "ANSW-004",
        Level.MUST,
        "does not repeat the work for a job that is finished",
        "A call can be repeated late, after the robot has called back.",
        "Remember the ids of finished jobs too, for a day at least.",
        _judge_late_repetition,
        deliveries=PUSH_ONLY,
    ),
    Check(
        "ANSW-005",
        Level.MUST,
        "ignores unknown fields of a job",
        "Later versions of the exchange may add fields, and may use extra_fields.",
        "Read the fields that the robot knows, and ignore others.",
        _judge_unknown_fields,
    ),
    Check(
        "ANSW-006",
        Level.MUST,
        "keeps two jobs apart that are open at the same time",
        "Several requestors use a robot at the same time. Entries in the result of another job are refused.",
        "Keep the state of a job in its own variables and files. A robot may queue jobs, but must accept them.",
        _judge_two_jobs,
    ),
)
