"""`python -m tests.chaos --seconds 60` runs batches while everything fails at random."""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.plan import Plan, make_plan
from tests.chaos.run import prepare
from tests.chaos.summary import describe_command, summarize
from tests.chaos.verdicts import Verdict, judge
from tests.stacks import running_stack


def print_line(text: str) -> None:
    """Print at once, even into a pipe."""
    print(text, flush=True)  # noqa: T201 - for the terminal


async def run_chaos(seed: int, seconds: float, folder: Path) -> int:
    """Run the schedule of this seed. Return the exit code: 1 if a check failed."""
    plan = make_plan(seed, seconds)
    print_line(f"To repeat this schedule: {describe_command(plan)}")
    with running_stack(folder, "--emulators-only") as emulators:
        async with prepare(plan, emulators, print_line) as run:
            await run.follow_plan()
            verdict = await judge(run)
    return conclude(plan, verdict)


def conclude(plan: Plan, verdict: Verdict) -> int:
    """Print the summary. Return the exit code: 1 if a check failed."""
    print_line("\n".join(["", *summarize(plan, verdict)]))
    return 1 if verdict.failures else 0


def main() -> int:
    """Run two hosts, robots of every kind and random faults. Then heal everything and check every batch."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long faults happen")
    parser.add_argument("--seed", type=int, help="the schedule, which is random by default")
    options = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    code = 1
    try:
        code = asyncio.run(run_chaos(seed, options.seconds, folder))
    finally:
        if code:
            print_line(f"The logs are in {folder}/logs")
        else:
            shutil.rmtree(folder)
    return code


if __name__ == "__main__":
    sys.exit(main())
