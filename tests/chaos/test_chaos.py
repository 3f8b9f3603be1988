"""Half a minute of chaos."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import run_chaos

SEED = 1
SECONDS = 30.0


@pytest.mark.exhaustive
@pytest.mark.timeout(300)
async def test_no_batch_is_lost_in_half_a_minute_of_chaos(tmp_path: Path) -> None:
    assert await run_chaos(SEED, SECONDS, tmp_path) == 0
