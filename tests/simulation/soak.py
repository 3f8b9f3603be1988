"""`python -m tests.simulation.soak --seeds 1000` runs random schedules. A failure names the command that repeats it.

A seed gives two schedules: one of batch requests that are one job, and one of batch requests in parts.
"""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from random import Random

from tests.simulation.faults import Plan, RandomPlan
from tests.simulation.part_scenarios import choose_part_scenario
from tests.simulation.scenarios import Scenario, choose_scenario, list_broken_calls, run_scenario

# Shares of the calls that go wrong: from none to a third.
FAULT_SHARES = (0.0, 0.01, 0.03, 0.1, 0.3)
# Share of the schedules in which one call fails every time instead.
BROKEN_CALL_SHARE = 0.2


def run_seed(seed: int) -> None:
    """Run the two schedules of this seed. Raises AssertionError with the command that repeats it."""
    run_schedule(seed, choose_scenario)
    run_schedule(seed, choose_part_scenario)


def run_schedule(seed: int, choose: Callable[[Random], Scenario]) -> None:
    """Run the schedule of this seed, with a scenario of this choice."""
    random = Random(seed)  # noqa: S311 - repeatable, not secret
    scenario = choose(random)
    plan: Plan = RandomPlan(random, random.choice(FAULT_SHARES))
    try:
        # A batch that ends when it is created has no later calls.
        if random.random() < BROKEN_CALL_SHARE and (broken_calls := list_broken_calls(scenario)):
            plan = random.choice(broken_calls)
        run_scenario(scenario, plan)
    except (Exception, AssertionError) as error:
        raise AssertionError(f"'{scenario.name}': {error}\nTo repeat it: make soak SEED={seed}") from error


def main() -> int:
    """Run the schedules of seeds one after another, and stop at the first that fails."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="number of seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run this seed only, and print its log")
    options = parser.parse_args()
    if options.seed is not None:
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        run_seed(options.seed)
        return 0
    logging.disable(logging.CRITICAL)
    started = time.monotonic()
    for seed in range(options.first, options.first + options.seeds):
        run_seed(seed)
    print(f"{2 * options.seeds} schedules of {options.seeds} seeds passed in {time.monotonic() - started:.0f} s")  # noqa: T201 - for the terminal
    return 0


if __name__ == "__main__":
    sys.exit(main())
