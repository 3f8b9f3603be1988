"""`python -m tests.simulation.soak --seeds 1000`: random schedules; a failing seed says how to see it again."""

import argparse
import logging
import sys
import time
from random import Random

from tests.simulation.faults import Plan, Rolled
from tests.simulation.scenarios import play, rolled, ways_to_break

# How often a call goes wrong: never, now and then, all the time.
SHARES = (0.0, 0.01, 0.03, 0.1, 0.3)
# How often one kind of call is broken for good instead.
BROKEN = 0.2


def run(seed: int) -> None:
    """Play what this seed gives; raises AssertionError naming the command that plays it again."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    scenario = rolled(random)
    plan: Plan = Rolled(random, random.choice(SHARES))
    try:
        if random.random() < BROKEN:
            plan = random.choice(ways_to_break(scenario))
        play(scenario, plan)
    except (Exception, AssertionError) as error:
        raise AssertionError(f"'{scenario.name}': {error}\nAgain: make soak SEED={seed}") from error


def main() -> int:
    """Play the seeds, one after another; stop at the first that fails."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--seed", type=int, help="this one alone, with its log")
    given = parser.parse_args()
    if given.seed is not None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        run(given.seed)
        return 0
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    for seed in range(given.first, given.first + given.seeds):
        run(seed)
    print(f"{given.seeds} schedules held, in {time.monotonic() - started:.0f} s")  # noqa: T201 - for whoever waits
    return 0


if __name__ == "__main__":
    sys.exit(main())
