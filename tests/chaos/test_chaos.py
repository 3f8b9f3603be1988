"""Half a minute of chaos of each kind."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import run_chaos
from tests.chaos.killed_workers import run_killed_workers

SEED = 1
SECONDS = 30.0


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
async def test_no_batch_is_lost_in_half_a_minute_of_chaos(tmp_path: Path) -> None:
    assert await run_chaos(SEED, SECONDS, tmp_path) == 0


@pytest.mark.exhaustive
@pytest.mark.timeout(400)
async def test_no_reference_is_lost_while_robots_are_killed(tmp_path: Path) -> None:
    outcome = await run_killed_workers(4, SECONDS, SEED, tmp_path)
    assert not outcome.failures
    assert outcome.kills > 0
