import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.durations import format_duration

SECONDS = {"day": 86_400, "days": 86_400, "hour": 3_600, "hours": 3_600, "minute": 60, "minutes": 60, "s": 1}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (172_800, "2 days"),
        (86_400, "24 hours"),
        (90_000, "25 hours"),
        (7_200.0, "2 hours"),
        (3_600, "1 hour"),
        (5_400, "90 minutes"),
        (900, "15 minutes"),
        (60, "1 minute"),
        (90, "90 s"),
        (30, "30 s"),
        (1, "1 s"),
        (0.25, "0.25 s"),
        (0, "0 s"),
    ],
)
def test_a_duration_is_spelled_in_the_largest_unit_that_divides_it(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(0, 9_999_999))
def test_a_spelled_duration_has_the_same_length(seconds: int) -> None:
    count, unit = format_duration(seconds).split()
    assert float(count) * SECONDS[unit] == seconds
