"""The models of the present protocol, and what they are on the side of the exchange."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from exchange.contract.base import describe_faults
from exchange.contract.batches import BatchEnhancementRequestRead, BatchStatus
from exchange.contract.robots import BatchRobotResult, ProvisionedRobot, Robot
from exchange.contract.v1.jobs import (
    FetchQuery,
    LeaseExpiry,
    RenewalQuery,
    RobotEnhancementBatch,
    RobotEnhancementBatchRead,
    RobotEnhancementBatchResult,
)
from exchange.contract.v1.requests import EnhancementRequestIn, EnhancementRequestRead, EnhancementRequestStatus
from exchange.contract.v1.robots import NO_BASE_URL, ProvisionedPullRobot, PullRobot, PullRobotIn

ID = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"
DESCRIBED = {"name": "tagger", "description": "d", "owner": "o"}
BATCH: dict[str, Any] = {
    "id": UUID(ID),
    "robot_id": UUID(OTHER),
    "reference_ids": [UUID(ID), UUID(OTHER)],
    "source": "s",
    "request_status": "accepted",
    "reference_data_url": "https://store.test/references?sig=1",
    "result_storage_url": "https://store.test/result?sig=2",
    "validation_result_file": "https://store.test/report.txt?sig=3",
    "validation_result_url": "https://store.test/report.jsonl?sig=4",
    "error": "e",
}


def list_faults(model: type[BaseModel], **fields: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields)
    return describe_faults(caught.value)


@pytest.mark.parametrize(
    ("text", "lease"),
    [
        ("PT10M", timedelta(minutes=10)),
        ("PT1H30M", timedelta(minutes=90)),
        ("PT0.5S", timedelta(seconds=0.5)),
        ("P1D", timedelta(days=1)),
        ("P0DT24H", timedelta(days=1)),
    ],
)
def test_a_lease_is_an_iso_8601_duration(text: str, lease: timedelta) -> None:
    for model in (FetchQuery, RenewalQuery):
        assert model.model_validate({"robot_id": ID, "lease": text}).model_dump()["lease"] == lease


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "600", "00:10:00", "10M", "-PT10M", "P1Y", "P1W", "pt10m", "PT1H "]
)
def test_another_form_of_a_lease_is_refused(text: str) -> None:
    faults = ["lease: must be an ISO 8601 duration, for example PT10M"]
    assert list_faults(RenewalQuery, lease=text) == faults
    assert list_faults(FetchQuery, robot_id=ID, lease=text) == faults


def test_a_lease_lasts_ten_minutes_unless_another_is_asked_for() -> None:
    fetch = FetchQuery.model_validate({"robot_id": ID})
    assert (fetch.lease, fetch.limit) == (timedelta(minutes=10), 10_000)
    assert RenewalQuery().lease == timedelta(minutes=10)


def test_a_lease_lasts_a_day_at_most_and_only_a_renewal_may_end_it() -> None:
    too_long = ["lease: Input should be less than or equal to 1 day"]
    assert list_faults(RenewalQuery, lease="PT24H0.1S") == too_long
    assert list_faults(FetchQuery, robot_id=ID, lease="P2D") == too_long
    assert RenewalQuery.model_validate({"lease": "PT0S"}).lease == timedelta(0)
    assert list_faults(FetchQuery, robot_id=ID, lease="PT0S") == ["lease: Input should be greater than 0 seconds"]


def test_the_end_of_a_lease_is_iso_8601_text() -> None:
    expiry = LeaseExpiry(datetime(2026, 11, 27, 6, 40, 8, 460584, tzinfo=UTC))
    assert expiry.model_dump_json() == '"2026-11-27T06:40:08.460584Z"'


@pytest.mark.parametrize("status", BatchStatus)
def test_a_batch_request_that_is_accepted_is_processing(status: BatchStatus) -> None:
    expected = "processing" if status is BatchStatus.ACCEPTED else status.value
    assert EnhancementRequestStatus.of(status).value == expected


def test_an_enhancement_request_is_a_batch_request() -> None:
    asked = {"robot_id": ID, "reference_ids": [OTHER], "source": "s"}
    request = EnhancementRequestIn.model_validate({**asked, "newer": 1}).to_batch_request()
    assert request.model_dump(mode="json", exclude_defaults=True) == asked


def test_a_batch_request_is_read_as_an_enhancement_request() -> None:
    read = EnhancementRequestRead.of(BatchEnhancementRequestRead.model_validate(BATCH))
    kept = {name: value for name, value in BATCH.items() if name != "validation_result_file"}
    assert read.model_dump() == {**kept, "request_status": "processing", "result_storage_url": None}


def test_a_batch_is_a_job_of_its_robot_until_it_has_ended() -> None:
    batch = BatchEnhancementRequestRead.model_validate(BATCH)
    job = RobotEnhancementBatch.of(batch)
    assert job is not None
    assert job.model_dump() == {
        "id": batch.id,
        "reference_storage_url": batch.reference_data_url,
        "result_storage_url": batch.result_storage_url,
        "extra_fields": None,
    }
    for missing in ("reference_data_url", "result_storage_url"):
        assert RobotEnhancementBatch.of(batch.model_copy(update={missing: None})) is None
    names = RobotEnhancementBatchRead.model_fields
    assert RobotEnhancementBatchRead.of(batch).model_dump() == {name: BATCH[name] for name in names}


@pytest.mark.parametrize("error", [None, {"message": "no"}])
def test_a_result_is_a_callback(error: dict[str, str] | None) -> None:
    result = RobotEnhancementBatchResult.model_validate({"request_id": ID, "error": error, "newer": 1})
    assert result.to_callback() == BatchRobotResult.model_validate({"request_id": ID, "error": error})


def test_a_registration_without_an_address_gets_one_that_never_exists() -> None:
    registration = PullRobotIn.model_validate({**DESCRIBED, "entitlements": ["full_text"]})
    assert registration.to_stored() == {**DESCRIBED, "base_url": NO_BASE_URL, "delivery": "pull"}
    assert NO_BASE_URL.endswith(".invalid")
    own = PullRobotIn.model_validate({**DESCRIBED, "base_url": "http://localhost:8000"})
    assert own.to_stored()["base_url"] == "http://localhost:8000"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"base_url": NO_BASE_URL, "delivery": "pull"}, {}),
        ({"base_url": "https://r.test", "delivery": "pull"}, {"base_url": "https://r.test"}),
        ({"base_url": "https://r.test"}, {}),
    ],
)
def test_a_robot_has_its_address_only_if_it_was_registered_with_one_here(
    stored: dict[str, str], shown: dict[str, str]
) -> None:
    fields = {**DESCRIBED, "id": ID, "dependent_enhancements": ["abstract"], "version": "1", **stored}
    expected = {**DESCRIBED, **shown, "id": ID}
    assert PullRobot.of(Robot.model_validate(fields)).model_dump(mode="json") == expected
    provisioned = ProvisionedRobot.model_validate({**fields, "client_secret": "5f"})
    shown_once = ProvisionedPullRobot.of_provisioned(provisioned).model_dump(mode="json")
    assert shown_once == {**expected, "client_secret": "5f"}
