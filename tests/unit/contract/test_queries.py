from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from exchange.contract.base import describe_faults
from exchange.contract.batches import BatchListQuery, BatchStatus
from exchange.contract.queries import list_parameters, list_prefixes
from exchange.contract.robots import SecretQuery


def list_faults(**query: str) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        BatchListQuery.model_validate(query)
    return describe_faults(caught.value)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-27T06:40:08Z", datetime(2026, 11, 27, 6, 40, 8, tzinfo=UTC)),
        ("2026-11-27t06:40:08z", datetime(2026, 11, 27, 6, 40, 8, tzinfo=UTC)),
        ("2026-11-27T06:40:08.460584999Z", datetime(2026, 11, 27, 6, 40, 8, 460584, tzinfo=UTC)),
        ("2026-11-27T06:40:08.4Z", datetime(2026, 11, 27, 6, 40, 8, 400000, tzinfo=UTC)),
        (
            "2026-11-27T06:40:08-05:30",
            datetime(2026, 11, 27, 6, 40, 8, tzinfo=timezone(-timedelta(hours=5, minutes=30))),
        ),
    ],
)
def test_a_time_is_read_as_rfc_3339_writes_it(text: str, time: datetime) -> None:
    assert BatchListQuery.model_validate({"created_after": text}).created_after == time


@pytest.mark.parametrize(
    "text",
    [
        *("1700000000", "2026-11-27", "2026-11-27T06:40:08", "2026-11-27 06:40:08Z", "20261127T064008Z", "now"),
        # A plus that is not escaped arrives as a blank.
        *("2026-11-27T06:40:08 00:00", "2026-02-30T00:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+99:00"),
        *("\uff12026-11-27T06:40:08Z", "2026-11-27T06:40:08Z\n"),
    ],
)
def test_any_other_time_is_refused_with_an_example(text: str) -> None:
    (fault,) = list_faults(created_before=text)
    assert fault.startswith("created_before: must be a time ")
    assert fault.endswith("for example 2026-11-27T06:40:08Z")


def test_a_repeated_parameter_arrives_joined_with_commas() -> None:
    query = BatchListQuery.model_validate({"status": "failed,rejected"})
    assert query.status == [BatchStatus.FAILED, BatchStatus.REJECTED]
    assert BatchListQuery.model_validate({"status": "failed"}).status == [BatchStatus.FAILED]
    assert list_faults(status="failed,lost")[0].startswith("status.1: Input should be 'received', ")


def test_parameters_with_a_prefix_are_collected() -> None:
    given = {"metadata.review": "7", "metadata.metadata.a b=": "x,y", "limit": "3"}
    query = BatchListQuery.model_validate(given)
    assert (query.metadata, query.limit) == ({"review": "7", "metadata.a b=": "x,y"}, 3)
    assert BatchListQuery().metadata is None


@pytest.mark.parametrize(
    "query",
    [
        {"metadata.": "x"},
        {f"metadata.{'k' * 65}": "x"},
        {"metadata.k": "x" * 513},
        {f"metadata.{number}": "x" for number in range(17)},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "ten"},
        {"robot_id": "7"},
        {"source": "s" * 2001},
        {"continuation": "a b"},
    ],
    ids=lambda query: next(iter(query))[:20],
)
def test_an_invalid_filter_is_refused(query: dict[str, str]) -> None:
    assert len(list_faults(**query)) == 1


def test_the_names_of_parameters_do_not_include_the_collecting_field() -> None:
    assert "metadata" not in list_parameters(BatchListQuery)
    assert list(list_prefixes(BatchListQuery)) == ["metadata."]
    assert (list_parameters(SecretQuery), list_prefixes(SecretQuery), list_prefixes(None)) == (["revoke"], {}, {})
