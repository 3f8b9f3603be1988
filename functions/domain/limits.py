"""How much is taken at once, and how long is waited for what. The values are settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of anything is taken."""

    references_per_batch: int
    open_batches: int
    references_per_load: int
    result_bytes: int
    line_bytes: int
    useless_entries: int
    window_entries: int
    window_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long each wait may take, in seconds, and how often it is tried."""

    dispatch_overdue_s: float
    received_s: float
    robot_call_s: float
    robot_retry_first_s: float
    robot_retry_longest_s: float
    robot_retry_all_s: float
    validation_wait_s: float
    callback_wait_s: float
    robot_silence_s: float
    progress_s: float
    tries_without_progress: int
    record_progress_s: float
