from datetime import UTC, datetime

from benchmarks.flow import find_calls


def test_the_longest_call_of_each_function_is_found_in_the_log() -> None:
    day = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    log = (
        f"{day},100 INFO host validate 09 succeeded in 9.000 s\n"
        f"{day},250 INFO host validate 0a succeeded in 2.000 s\n"
        f"{day},900 INFO host validate 0b succeeded in 0.100 s\n"
        f"{day},900 INFO exchange.use_cases.validate_upload batch 1: 3 entries\n"
    )
    end = datetime(2026, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC).timestamp()
    assert find_calls(log, since=end - 3) == {"validate": (end - 2, end)}
