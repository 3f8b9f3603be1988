from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch
from exchange.domain.polling import FIRST_POLL_S, choose_retry_after
from tests.unit.domain.batches import a_batch

RECEIVED = a_batch(created_at=1000.0)
ACCEPTED = replace(RECEIVED, status=BatchStatus.ACCEPTED, accepted_at=1010.0)
DELIVERED = replace(ACCEPTED, status=BatchStatus.IMPORTING, delivered_at=5000.0)
IMPORTING = replace(DELIVERED, import_started=True)


@pytest.mark.parametrize(
    ("batch", "now", "seconds"),
    [
        (RECEIVED, 1000.0, FIRST_POLL_S),
        (RECEIVED, 1100.5, 11),
        (RECEIVED, 9000.0, 60),
        (ACCEPTED, 1011.0, 5),
        (ACCEPTED, 1310.0, 30),
        (ACCEPTED, 90000.0, 60),
        (DELIVERED, 5001.0, 2),
        (DELIVERED, 9000.0, 15),
        (IMPORTING, 5100.0, 10),
    ],
)
def test_the_wait_grows_with_the_time_in_the_phase(batch: Batch, now: float, seconds: int) -> None:
    assert choose_retry_after(batch, now) == seconds


@given(st.sampled_from([RECEIVED, ACCEPTED, DELIVERED, IMPORTING]), st.floats(0, 1e10))
def test_the_wait_is_a_whole_number_within_bounds_even_if_clocks_differ(batch: Batch, now: float) -> None:
    seconds = choose_retry_after(batch, now)
    assert isinstance(seconds, int)
    assert 1 <= seconds <= 60


@pytest.mark.parametrize("status", ["completed", "partial_failed", "failed", "rejected"])
def test_an_ended_batch_is_not_polled(status: str) -> None:
    assert choose_retry_after(replace(IMPORTING, status=BatchStatus(status)), 5000.0) is None
