"""How long a requestor waits before reading a batch again."""

import math

from exchange.domain.batch import Batch, Phase

# The wait grows with the time that the batch has spent in its phase, so that neither short nor long batches are read
# much too late. A robot needs minutes or hours, the exchange itself usually seconds.
_SHARE_OF_AGE = 0.1
_BOUNDS = {
    Phase.READING: (2, 15),
    Phase.RECEIVED: (2, 60),
    Phase.ACCEPTED: (5, 60),
    Phase.DELIVERED: (2, 15),
    Phase.IMPORTING: (2, 15),
    Phase.DIVIDED: (5, 60),
    Phase.REPORTING: (2, 15),
}
FIRST_POLL_S = _BOUNDS[Phase.RECEIVED][0]


def choose_retry_after(batch: Batch, now: float) -> int | None:
    """Return the seconds to wait. None once the batch has ended."""
    if batch.ended:
        return None
    shortest, longest = _BOUNDS[batch.phase]
    since = batch.delivered_at or batch.accepted_at or batch.created_at
    return min(max(math.ceil((now - since) * _SHARE_OF_AGE), shortest), longest)
