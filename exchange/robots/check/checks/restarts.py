"""Whether the robot keeps its jobs when it is killed."""

from exchange.robots.check.bench import Bench
from exchange.robots.check.jobs import PlayedJob
from exchange.robots.check.model import PUSH_ONLY, Check, Failed, Judgement, Level, NotApplicable, judge_that
from exchange.robots.check.process import StartError
from exchange.robots.check.reading import count_absent

_REFERENCES = 50


async def _judge_kill(bench: Bench) -> Judgement:
    """Kill the robot in the middle of a download, and start it again with the same state."""
    if bench.start_process is None:
        return NotApplicable("The check can kill only a robot that it has started itself, as in module:robot.")
    references = bench.references.make_many(_REFERENCES)
    job = PlayedJob(references)
    job.hold(len(job.data) // 2)
    async with bench.start_process() as process:
        answer = await bench.send(job, process.url)
        if not answer.accepted:
            return Failed(f"The robot answered {answer}.")
        await bench.wait_for(job, job.held.is_set)
        await process.kill()
        job.release()
        job.signature += 1
        try:
            await process.restart()
        except StartError as error:
            return Failed(f"After it was killed: {error}")
        await bench.wait(job)
    absent = count_absent(job, references)
    return judge_that(passed=not absent, found=f"After the restart {absent} references had no entry.")


CHECKS = (
    Check(
        "KILL-001",
        Level.MUST,
        "delivers a job although it is killed in the middle",
        "Machines are restarted and run out of memory. The exchange does not send an accepted job again, so the batch "
        "fails a day later.",
        "Store a job on disk or in a database before it is accepted, and resume stored jobs at the start.",
        _judge_kill,
        deliveries=PUSH_ONLY,
    ),
)
