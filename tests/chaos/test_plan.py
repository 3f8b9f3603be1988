"""The plan depends on the seed only, and everything in it is possible."""

from collections import Counter, defaultdict

import pytest

from tests.chaos.plan import Kind, make_plan
from tests.chaos.robots import ROBOTS

SECONDS = 30.0
SEEDS = range(20)


def test_the_same_seed_gives_the_same_plan() -> None:
    for seed in SEEDS:
        assert make_plan(seed, SECONDS) == make_plan(seed, SECONDS)


def test_each_seed_gives_another_plan() -> None:
    plans = [make_plan(seed, SECONDS) for seed in SEEDS]
    assert len({plan.requests for plan in plans}) == len({plan.faults for plan in plans}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_robot_gets_a_batch(seed: int) -> None:
    robots = Counter(request.robot for request in make_plan(seed, SECONDS).requests)
    assert robots.keys() == ROBOTS.keys()


def test_every_kind_of_fault_is_planned() -> None:
    kinds = Counter(fault.kind for seed in SEEDS for fault in make_plan(seed, SECONDS).faults)
    assert kinds.keys() == set(Kind)
    assert kinds.total() / len(SEEDS) > 10


@pytest.mark.parametrize("seed", SEEDS)
def test_every_fault_ends_before_the_end_of_the_plan(seed: int) -> None:
    for fault in make_plan(seed, SECONDS).faults:
        assert 0 < fault.at <= fault.at + fault.duration_s <= SECONDS + 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_a_connection_has_one_fault_at_a_time(seed: int) -> None:
    ends: defaultdict[tuple[int, str], float] = defaultdict(float)
    for fault in make_plan(seed, SECONDS).faults:
        for host in fault.hosts:
            assert fault.at >= ends[host, fault.service]
            ends[host, fault.service] = fault.at + fault.duration_s


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_that_a_deadline_ends_are_requested_early(seed: int) -> None:
    late = [request for request in make_plan(seed, SECONDS).requests if request.at > SECONDS / 2]
    assert late
    assert not [request for request in late if ROBOTS[request.robot].ends_late]
