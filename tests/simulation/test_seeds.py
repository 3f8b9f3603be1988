"""Random schedules: faults, delays and robots by chance, the same each time."""

import logging
from collections.abc import Iterator
from random import Random

import pytest

from tests.simulation.faults import Rolled
from tests.simulation.scenarios import play, rolled
from tests.simulation.soak import run

SEEDS = 2000
A_TEST = 200


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Leave the logs of thousands of runs unwritten."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, SEEDS, A_TEST))
def test_whatever_happens_it_ends_well(first: int) -> None:
    for seed in range(first, first + A_TEST):
        run(seed)


def test_a_seed_plays_the_same_each_time() -> None:
    def calls(seed: int) -> list[str]:
        random = Random(seed)  # noqa: S311 - repeatable, not secret
        return play(rolled(random), Rolled(random, 0.1)).calls.made

    for seed in range(5):
        assert calls(seed) == calls(seed)
