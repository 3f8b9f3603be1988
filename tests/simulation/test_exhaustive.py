"""Every fault of every call in every scenario, and every pair of the important faults in the small scenarios.

The scenarios of parts have many calls in common, and are long: one in two or three of their runs is made. The fast
tier tries some of all.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from random import Random
from typing import TypeVar

import pytest

from exchange.ports import Services
from tests.simulation.faults import READS, Fault, FixedPlan, LossyPlan, list_faults
from tests.simulation.part_scenarios import FETCHED, PART_SCENARIOS, SENT
from tests.simulation.scenarios import SCENARIOS, VITAL_CALLS, Scenario, list_broken_calls, run_scenario
from tests.tiers import choose

Case = TypeVar("Case")

ALL_SCENARIOS = (*SCENARIOS, *PART_SCENARIOS)
SMALL_SCENARIOS = [scenario for scenario in ALL_SCENARIOS if scenario.small]
# The faults that leave something half done. Only these are tried in pairs.
HALF_DONE = {Fault.FAILS_AFTER, Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.WRITE_CONFLICT}


def run_with_faults(scenario: Scenario, faults: Mapping[int, Fault], calls: list[str]) -> None:
    try:
        run_scenario(scenario, FixedPlan(faults))
    except (Exception, AssertionError) as error:
        described = ", ".join(f"call {number} ({calls[number]}) {fault.name}" for number, fault in faults.items())
        raise AssertionError(f"'{scenario.name}' with {described}: {error}") from error


def thin_out(scenario: Scenario, cases: Sequence[Case], *, one_in: int) -> Sequence[Case]:
    """Return every n-th case of a scenario of parts, and all cases of another one."""
    return cases[::one_in] if scenario in PART_SCENARIOS else cases


def test_the_calls_that_are_listed_by_name_exist() -> None:
    """A renamed method would otherwise silently lose its special treatment."""
    ports = {name: vars(port) for name, port in Services.__annotations__.items() if isinstance(port, type)}
    calls = {f"{name}.{method}" for name, methods in ports.items() for method in methods}
    assert VITAL_CALLS - calls == set()
    assert READS - {call.partition(".")[2] for call in calls} == set()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", ALL_SCENARIOS, ids=lambda scenario: scenario.name)
def test_one_fault_at_any_call_keeps_all_invariants(
    scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    calls = run_scenario(scenario, FixedPlan()).calls.made
    runs = [{number: fault} for number, call in enumerate(calls) for fault in list_faults(call)]
    assert len(runs) >= 4 * len(calls)
    chosen = thin_out(scenario, runs, one_in=2)
    for faults in choose(chosen, one_in=41):
        run_with_faults(scenario, faults, calls)
    record_property("runs", len(chosen))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", ALL_SCENARIOS, ids=lambda scenario: scenario.name)
def test_batches_end_even_if_a_call_fails_for_ever(scenario: Scenario) -> None:
    chosen = thin_out(scenario, list_broken_calls(scenario), one_in=3)
    for broken_call in choose(chosen, one_in=101):
        try:
            run_scenario(scenario, broken_call)
        except (Exception, AssertionError) as error:
            raise AssertionError(f"'{scenario.name}' with {broken_call}: {error}") from error


@pytest.mark.parametrize("delays", [(0.0, 0.0), (0.0, 0.005, 0.05), (200.0, 0.0)], ids=repr)
@pytest.mark.parametrize("scenario", ALL_SCENARIOS, ids=lambda scenario: scenario.name)
def test_messages_may_be_delivered_twice_or_late(scenario: Scenario, delays: Sequence[float]) -> None:
    run_scenario(scenario, FixedPlan(delays=delays))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_messages_may_never_be_delivered(scenario: Scenario) -> None:
    """A batch request in parts needs the queue: the end of a part is told in a message, which the sweep repeats."""
    run_scenario(scenario, FixedPlan(delays=()))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scenario", PART_SCENARIOS, ids=lambda scenario: scenario.name)
def test_messages_about_parts_may_be_lost(scenario: Scenario, seed: int) -> None:
    run_scenario(scenario, LossyPlan(Random(seed)))  # noqa: S311 - repeatable, not secret


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "scenario", [SCENARIOS[1], SCENARIOS[-1], FETCHED[2], SENT[0]], ids=lambda scenario: scenario.name
)
def test_one_fault_at_any_call_while_each_message_is_delivered_twice(scenario: Scenario) -> None:
    calls = run_scenario(scenario, FixedPlan(delays=(0.0, 0.0))).calls.made
    runs = [(number, call, fault) for number, call in enumerate(calls) for fault in list_faults(call)]
    for number, call, fault in choose(runs, one_in=47):
        try:
            run_scenario(scenario, FixedPlan({number: fault}, (0.0, 0.0)))
        except (Exception, AssertionError) as error:
            raise AssertionError(f"call {number} ({call}) {fault.name}: {error}") from error


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scenario", SMALL_SCENARIOS, ids=lambda scenario: scenario.name)
def test_faults_at_any_two_calls_keep_all_invariants(
    scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    calls = run_scenario(scenario, FixedPlan()).calls.made
    faults = [(number, fault) for number, call in enumerate(calls) for fault in list_faults(call) if fault in HALF_DONE]
    runs = [dict(pair) for pair in combinations(faults, 2) if pair[0][0] != pair[1][0]]
    assert len(runs) >= 500
    chosen = thin_out(scenario, runs, one_in=3)
    for pair in choose(chosen, one_in=167):
        run_with_faults(scenario, pair, calls)
    record_property("runs", len(chosen))
