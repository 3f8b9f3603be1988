"""How long the import waits for lost and late events, if nothing else goes wrong."""

import pytest

from tests.simulation.faults import FixedPlan
from tests.simulation.scenarios import SCENARIOS, run_scenario
from tests.simulation.world import ROBOT_SILENCE_LIMIT_S, SWEEP_INTERVAL_S

# The sweep is not needed: it would take two minutes.
LONGEST_WAIT_S = {
    "success": 2.0,
    "concurrent validations": 2.0,
    "the blob event is lost": 2.0,
    "the blob event of a large result is lost": 7.0,
    "the callback comes before the blob event": 2.0,
    "the callback of a large result comes before the blob event": 4.0,
    "the callback and the blob event come at the same time": 2.0,
}


@pytest.mark.parametrize("name", LONGEST_WAIT_S)
def test_a_batch_ends_soon_after_its_callback_and_is_validated_once(name: str) -> None:
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
    simulation = run_scenario(scenario, FixedPlan())
    (stored,) = simulation.batches.items.values()
    assert stored.batch.ended_at is not None
    assert stored.batch.delivered_at is not None
    assert stored.batch.ended_at - stored.batch.delivered_at <= LONGEST_WAIT_S[name]
    assert stored.batch.validations_started == 1


def test_a_robot_that_uploads_again_and_again_does_not_prolong_its_batch() -> None:
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == "a robot that uploads again and again"]
    simulation = run_scenario(scenario, FixedPlan())
    (stored,) = simulation.batches.items.values()
    accepted_at, delivered_at = stored.batch.accepted_at, stored.batch.delivered_at
    assert accepted_at is not None
    assert delivered_at is not None
    assert delivered_at - accepted_at <= ROBOT_SILENCE_LIMIT_S + SWEEP_INTERVAL_S
