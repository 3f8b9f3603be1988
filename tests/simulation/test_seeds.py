"""Random schedules with faults, delays and robots. Each seed always gives the same schedule."""

from random import Random

import pytest

from tests.simulation.faults import RandomPlan
from tests.simulation.scenarios import choose_scenario, run_scenario
from tests.simulation.soak import run_seed
from tests.tiers import fast_or_exhaustive

SEEDS = fast_or_exhaustive(100, 1000)
SEEDS_PER_TEST = 100


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS_PER_TEST))
def test_random_schedules_keep_all_invariants(first: int) -> None:
    for seed in range(first, first + SEEDS_PER_TEST):
        run_seed(seed)


def test_a_seed_always_gives_the_same_calls() -> None:
    def list_calls(seed: int) -> list[str]:
        random = Random(seed)  # noqa: S311 - repeatable, not secret
        return run_scenario(choose_scenario(random), RandomPlan(random, 0.1)).calls.made

    for seed in range(5):
        assert list_calls(seed) == list_calls(seed)
