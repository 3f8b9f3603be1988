"""Every fault of every call of a load, pairs of the important ones, and random schedules."""

import logging
from collections.abc import Iterable, Iterator
from itertools import combinations
from random import Random
from uuid import UUID

import pytest

from exchange.domain import loading
from exchange.domain.ids import new_id
from exchange.ports import Claim
from tests.fakes import FakeIdentifierClaims, FakeReferenceStore
from tests.simulation.faults import Fault, FixedPlan, RandomPlan, list_faults
from tests.simulation.loads import LOAD_SCENARIOS, LoadScenario, run_loads

HALF_DONE = {Fault.FAILS_AFTER, Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.STALLS}


@pytest.fixture(autouse=True)
def disable_logs() -> Iterator[None]:
    """Disable the logs of thousands of runs."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("scenario", LOAD_SCENARIOS, ids=lambda scenario: scenario.name)
def test_one_fault_at_any_call_of_a_load(scenario: LoadScenario) -> None:
    calls = run_loads(scenario, FixedPlan()).calls.made
    assert len(calls) >= 4
    for number, call in enumerate(calls):
        for fault in list_faults(call):
            try:
                run_loads(scenario, FixedPlan({number: fault}))
            except (Exception, AssertionError) as error:
                raise AssertionError(f"'{scenario.name}', call {number} ({call}) {fault.name}: {error}") from error


@pytest.mark.parametrize(
    "scenario", [item for item in LOAD_SCENARIOS if item.small], ids=lambda scenario: scenario.name
)
def test_faults_at_any_two_calls_of_a_load(scenario: LoadScenario) -> None:
    calls = run_loads(scenario, FixedPlan()).calls.made
    faults = [(number, fault) for number, call in enumerate(calls) for fault in list_faults(call) if fault in HALF_DONE]
    pairs = [dict(pair) for pair in combinations(faults, 2) if pair[0][0] != pair[1][0]]
    assert len(pairs) >= 50
    for pair in pairs:
        try:
            run_loads(scenario, FixedPlan(pair))
        except (Exception, AssertionError) as error:
            raise AssertionError(f"'{scenario.name}' with {pair}: {error}") from error


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_random_schedules_of_loads(first: int) -> None:
    for seed in range(first, first + 100):
        random = Random(seed)  # noqa: S311 - repeatable, not secret
        scenario = random.choice(LOAD_SCENARIOS)
        try:
            run_loads(scenario, RandomPlan(random, random.choice((0.02, 0.1, 0.3))))
        except (Exception, AssertionError) as error:
            raise AssertionError(f"seed {seed}, '{scenario.name}': {error}") from error


async def do_nothing(*_args: object) -> None:
    pass


async def claim_without_condition(self: FakeIdentifierClaims, key: str, owner: UUID, _before: Claim | None) -> Claim:
    self.claims[key] = Claim(key, owner, str(new_id()))
    return self.claims[key]


async def find_nothing_missing(_self: FakeReferenceStore, _ids: Iterable[UUID], **_: bool) -> set[UUID]:
    return set()


PLANTED: dict[str, tuple[object, str, object]] = {
    "the reference of an interrupted load is not forbidden": (FakeReferenceStore, "forbid", do_nothing),
    "claims overwrite each other": (FakeIdentifierClaims, "claim", claim_without_condition),
    "every claim counts as settled": (FakeReferenceStore, "find_missing", find_nothing_missing),
    "enhancements have random ids": (loading, "derive_id", lambda *_: new_id()),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_in_loading_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*PLANTED[bug])
    for seed in range(2000):
        random = Random(seed)  # noqa: S311 - repeatable, not secret
        try:
            run_loads(random.choice(LOAD_SCENARIOS), RandomPlan(random, random.choice((0.02, 0.1, 0.3))))
        except (Exception, AssertionError):  # noqa: BLE001 - any failure finds the bug
            return
    raise AssertionError("no schedule found the bug")
