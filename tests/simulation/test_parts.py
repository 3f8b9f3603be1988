"""What becomes of batch requests in parts, if nothing else goes wrong: the scenarios do what their names say."""

from collections import Counter

import pytest

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.domain.batch import Batch
from tests.simulation.faults import FixedPlan
from tests.simulation.part_scenarios import PART_SCENARIOS
from tests.simulation.scenarios import run_scenario

# The numbers of parts that count, and that were returned after an expired lease and after one that was given back.
PARTS = {
    "fetched": (1, 0, 0),
    "fetched in three parts": (3, 0, 0),
    "fetched by two at once": (3, 0, 0),
    "fetched by three at once, with different limits": (3, 0, 0),
    "fetched by slow robots": (2, 0, 0),
    "given back": (2, 0, 4),
    "robots that die": (2, 2, 0),
    "robots that always die": (1, 2, 0),
    "a late result that counts": (1, 0, 0),
    "a late result after another robot has the references": (1, 1, 0),
    "a result after the end": (2, 1, 0),
    "not fetched": (0, 0, 0),
    "not fetched any more after a lease": (2, 0, 0),
    "cancelled before the first fetch": (0, 0, 0),
    "cancelled while two robots work": (2, 0, 0),
    "sent in three parts": (3, 0, 0),
    "cancelled while parts are made": (2, 0, 0),
}
ENDS = {
    "fetched by two at once": (BatchStatus.COMPLETED, None),
    "robots that always die": (BatchStatus.FAILED, ErrorCode.LEASE_EXPIRED),
    "not fetched": (BatchStatus.FAILED, ErrorCode.ROBOT_TIMEOUT),
    "not fetched any more": (BatchStatus.PARTIAL_FAILED, ErrorCode.ROBOT_TIMEOUT),
    "errors of robots that fetch": (BatchStatus.PARTIAL_FAILED, ErrorCode.ROBOT_ERROR),
    "cancelled before the first fetch": (BatchStatus.FAILED, ErrorCode.CANCELLED),
    "cancelled during the import of a part": (BatchStatus.PARTIAL_FAILED, ErrorCode.CANCELLED),
    "sent in parts of one": (BatchStatus.COMPLETED, None),
    "parts of which all are rejected": (BatchStatus.REJECTED, ErrorCode.ROBOT_REJECTED),
    "parts that can never be sent": (BatchStatus.FAILED, ErrorCode.ROBOT_UNREACHABLE),
    "silent about parts": (BatchStatus.FAILED, ErrorCode.ROBOT_TIMEOUT),
}


def run(name: str) -> list[Batch]:
    (scenario,) = [scenario for scenario in PART_SCENARIOS if scenario.name == name]
    return [stored.batch for stored in run_scenario(scenario, FixedPlan()).batches.items.values()]


@pytest.mark.parametrize("name", PARTS)
def test_the_scenarios_have_these_parts(name: str) -> None:
    parts = [(batch.part.returned, batch.lease) for batch in run(name) if batch.part is not None]
    found = Counter("counted" if not returned else bool(lease and lease.given_back) for returned, lease in parts)
    assert (found["counted"], found[False], found[True]) == PARTS[name]


@pytest.mark.parametrize("name", ENDS)
def test_the_scenarios_end_with_this_status(name: str) -> None:
    (request,) = [batch for batch in run(name) if batch.part is None]
    assert (request.status, request.error_code) == ENDS[name]
