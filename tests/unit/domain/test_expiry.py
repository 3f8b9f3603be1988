"""When a batch expires, compared with the lifecycle under sweeps that run on time."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exchange.contract.batches import BatchStatus
from exchange.domain.batch import Batch, Phase, Upload
from exchange.domain.deadlines import find_due_at
from exchange.domain.events import Swept
from exchange.domain.expiry import find_expires_at
from exchange.domain.lifecycle import apply
from exchange.domain.limits import Deadlines
from tests.unit.domain.batches import a_batch

# Whole numbers, so that sums are exact.
SECONDS = st.integers(1, 40).map(float)
TIMES = st.integers(0, 60).map(float)

deadlines_drawn = st.builds(
    Deadlines,
    dispatch_overdue_s=SECONDS,
    received_limit_s=SECONDS,
    validation_wait_s=SECONDS,
    callback_wait_s=SECONDS,
    robot_silence_limit_s=SECONDS,
    progress_limit_s=SECONDS,
    progress_attempts=st.integers(1, 5),
)
uploads = st.builds(Upload, etag=st.just("e"), last_modified=TIMES, size=st.integers(0, 10**7))


@st.composite
def batches_drawn(draw: st.DrawFn) -> Batch:
    """Draw a batch in a state that the lifecycle can reach, with times in order."""
    phase = draw(st.sampled_from([phase for phase in Phase if phase is not Phase.ENDED]))
    times = sorted(draw(st.lists(TIMES, min_size=4, max_size=4)))
    batch = a_batch(created_at=times[0], attempt_due_at=times[0])
    if phase is Phase.RECEIVED:
        call_until = draw(st.none() | st.integers(0, 100).map(float))
        return replace(batch, call_until=call_until, resent_at=draw(st.none() | st.just(times[1])))
    batch = replace(batch, status=BatchStatus.ACCEPTED, accepted_at=times[1])
    if phase is Phase.ACCEPTED:
        upload = draw(st.none() | uploads)
        worked_at = None if upload is None else draw(st.none() | st.just(times[2]))
        return replace(batch, upload=upload, worked_at=worked_at, resent_at=draw(st.none() | st.just(times[2])))
    resends = draw(st.integers(0, 6))
    return replace(
        batch,
        status=BatchStatus.IMPORTING,
        upload=draw(uploads),
        delivered_at=times[2],
        import_started=phase is Phase.IMPORTING,
        worked_at=draw(st.none() | st.just(times[3])),
        resends=resends,
        resent_at=times[3] if resends else None,
    )


def sweep(batch: Batch, now: float, deadlines: Deadlines) -> Batch:
    return apply(batch, Swept(batch.upload), now, deadlines).batch


@given(batches_drawn(), deadlines_drawn)
@example(a_batch(), Deadlines())
@example(a_batch(status=BatchStatus.ACCEPTED, accepted_at=0.0), Deadlines())
def test_sweeps_on_time_end_the_batch_when_it_expires_and_not_before(batch: Batch, deadlines: Deadlines) -> None:
    batch = replace(batch, due_at=find_due_at(batch, deadlines))
    expires_at = find_expires_at(batch, deadlines)
    assert expires_at is not None
    assert batch.due_at is not None
    now = batch.due_at
    while now < expires_at:
        batch = sweep(batch, now, deadlines)
        assert not batch.ended, "it ended too early"
        assert batch.due_at is not None
        # A deadline that has passed is looked at again by the next sweep.
        now = max(batch.due_at, now + 1)
    assert sweep(batch, expires_at, deadlines).ended


@pytest.mark.parametrize("status", ["completed", "partial_failed", "failed", "rejected"])
def test_an_ended_batch_does_not_expire(status: str) -> None:
    assert find_expires_at(a_batch(status=BatchStatus(status), accepted_at=1.0), Deadlines()) is None


def test_with_the_default_settings_a_batch_expires_as_the_documents_say() -> None:
    deadlines = Deadlines()
    received = a_batch()
    accepted = replace(received, status=BatchStatus.ACCEPTED, accepted_at=100.0)
    uploaded = replace(accepted, upload=Upload(etag="e", last_modified=1000.0, size=1))
    delivered = replace(accepted, status=BatchStatus.IMPORTING, delivered_at=1000.0)
    assert find_expires_at(received, deadlines) == 7200
    assert find_expires_at(accepted, deadlines) == 100 + 86400
    assert find_expires_at(uploaded, deadlines) == 1000 + 900 + 120 + 10 * 900
    assert find_expires_at(delivered, deadlines) == 1000 + 120 + 10 * 900
