"""Every call of a port, in every scenario, going wrong in every way; and every pair of some ways in the small ones."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import pytest

from tests.simulation.faults import Fault, Planned, faults_of
from tests.simulation.scenarios import SCENARIOS, Scenario, play, ways_to_break

SMALL = [scenario for scenario in SCENARIOS if scenario.small]
# In pairs, those after which something is half done: the others leave things as they were.
HALF_DONE = {Fault.FAILS_AFTER, Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.MAX_CONFLICTS}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Leave the logs of thousands of runs unwritten."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def run(scenario: Scenario, faults: Mapping[int, Fault], calls: list[str]) -> None:
    try:
        play(scenario, Planned(faults))
    except (Exception, AssertionError) as error:
        where = ", ".join(f"call {number} ({calls[number]}) {fault.name}" for number, fault in faults.items())
        raise AssertionError(f"'{scenario.name}' with {where}: {error}") from error


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_call_fails_in_every_way(scenario: Scenario, record_property: pytest.FixtureRequest) -> None:
    calls = play(scenario, Planned()).calls.made
    runs = [{number: fault} for number, call in enumerate(calls) for fault in faults_of(call)]
    assert len(runs) >= 4 * len(calls)
    for faults in runs:
        run(scenario, faults, calls)
    record_property("runs", len(runs))  # type: ignore[operator] # a function


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_whatever_is_broken_for_good_a_batch_ends(scenario: Scenario) -> None:
    for broken in ways_to_break(scenario):
        try:
            play(scenario, broken)
        except (Exception, AssertionError) as error:
            raise AssertionError(f"'{scenario.name}' with {broken}: {error}") from error


@pytest.mark.parametrize("messages", [(0.0, 0.0), (0.0, 0.005, 0.05), (200.0, 0.0), ()], ids=repr)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_messages_come_twice_at_once_late_or_never(scenario: Scenario, messages: Sequence[float]) -> None:
    play(scenario, Planned(messages=messages))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scenario", [SCENARIOS[1], SCENARIOS[-1]], ids=lambda scenario: scenario.name)
def test_every_call_fails_in_every_way_while_each_message_comes_twice(scenario: Scenario) -> None:
    calls = play(scenario, Planned(messages=(0.0, 0.0))).calls.made
    for number, call in enumerate(calls):
        for fault in faults_of(call):
            try:
                play(scenario, Planned({number: fault}, (0.0, 0.0)))
            except (Exception, AssertionError) as error:
                raise AssertionError(f"call {number} ({call}) {fault.name}: {error}") from error


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scenario", SMALL, ids=lambda scenario: scenario.name)
def test_every_two_calls_fail(scenario: Scenario, record_property: pytest.FixtureRequest) -> None:
    calls = play(scenario, Planned()).calls.made
    ways = [(number, fault) for number, call in enumerate(calls) for fault in faults_of(call) if fault in HALF_DONE]
    runs = [dict(pair) for pair in combinations(ways, 2) if pair[0][0] != pair[1][0]]
    assert len(runs) >= 500
    for faults in runs:
        run(scenario, faults, calls)
    record_property("runs", len(runs))  # type: ignore[operator] # a function
