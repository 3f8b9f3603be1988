from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosClientTimeoutError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)
from azure.identity import CredentialUnavailableError

from exchange.adapters.azure_errors import translate_create_errors, is_outage, retry_after_s, translate_errors
from exchange.domain.errors import ExchangeError, NameTaken, NotFound, WriteConflict, Unavailable
from tests.unit.adapters import cosmos_errors

SECRET = "https://data.example/results/a.jsonl?se=2030&sig=s3cret%3D"


def answered(
    status: int | None, kind: type[HttpResponseError] = HttpResponseError, headers: Mapping[str, str] | None = None
) -> HttpResponseError:
    """Give the error that an SDK raises for an answer; its text quotes a signed URL, as theirs may."""
    response: Any = SimpleNamespace(status_code=status, reason=SECRET, headers=headers or {}, text=lambda: SECRET)
    return kind(SECRET, response if status else None)


def raised_for(error: Exception) -> BaseException:
    with pytest.raises(Exception) as raised, translate_errors("batch request"):  # noqa: PT011 - which one is what is asked
        raise error
    return raised.value


OURS: list[tuple[Exception, type[ExchangeError]]] = [
    (answered(404, ResourceNotFoundError), NotFound),
    (answered(404), NotFound),
    (cosmos_errors.made(CosmosResourceNotFoundError, 404, SECRET), NotFound),
    # As of an archived blob.
    (answered(409, ResourceExistsError), Unavailable),
    (cosmos_errors.made(CosmosResourceExistsError, 409, SECRET), Unavailable),
    (answered(412, ResourceModifiedError), WriteConflict),
    (cosmos_errors.made(CosmosAccessConditionFailedError, 412, SECRET), WriteConflict),
    (answered(408), Unavailable),
    (answered(429), Unavailable),
    (cosmos_errors.answered(429, SECRET), Unavailable),
    (cosmos_errors.answered(449, SECRET), Unavailable),
    (cosmos_errors.within_a_batch(429, text=SECRET), Unavailable),
    (answered(500), Unavailable),
    (answered(503), Unavailable),
    (cosmos_errors.answered(503, SECRET), Unavailable),
    (ServiceRequestError(SECRET), Unavailable),
    (ServiceRequestTimeoutError(SECRET), Unavailable),
    (ServiceResponseError(SECRET), Unavailable),
    (ServiceResponseTimeoutError(SECRET), Unavailable),
    (cosmos_errors.made(CosmosClientTimeoutError, SECRET), Unavailable),
    (AzureError(SECRET), Unavailable),
    (ClientAuthenticationError(SECRET), Unavailable),
    (CredentialUnavailableError(SECRET), Unavailable),
    # A download that breaks off: the SDK has no status to give, or that of the answer which began well.
    (answered(None), Unavailable),
    (answered(206, IncompleteReadError), Unavailable),
]


@pytest.mark.parametrize(("theirs", "ours"), OURS, ids=lambda part: getattr(part, "__name__", type(part).__name__))
def test_what_is_expected_becomes_ours_and_says_nothing_of_theirs(theirs: Exception, ours: type[ExchangeError]) -> None:
    error = raised_for(theirs)
    assert type(error) is ours
    assert error.__cause__ is theirs
    assert "s3cret" not in f"{error} {error!r} {error.args}"
    assert str(error).endswith(".")


@pytest.mark.parametrize("status", [400, 401, 403, 405, 411, 413, 414, 416])
def test_an_answer_that_blames_the_request_is_a_bug_and_goes_on(status: int) -> None:
    for theirs in (answered(status), cosmos_errors.answered(status, SECRET)):
        assert raised_for(theirs) is theirs


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), TimeoutError(), WriteConflict("ours already")])
def test_what_is_not_the_sdks_goes_on(error: Exception) -> None:
    assert raised_for(error) is error


def test_it_says_what_it_is_about() -> None:
    for theirs in (answered(404), answered(409), answered(412), answered(503), ServiceRequestError("x")):
        assert "batch request" in str(raised_for(theirs))


def test_no_error_is_no_error() -> None:
    with translate_errors("batch request"):
        pass


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"x-ms-retry-after-ms": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "1500", "Retry-After": "7"}, 1.5),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        ({"x-ms-retry-after-ms": ""}, None),
    ],
)
def test_what_the_service_asks_to_wait_is_kept_in_seconds(headers: dict[str, str], expected: float | None) -> None:
    of_an_answer = answered(429, headers=headers)
    for theirs in (of_an_answer, cosmos_errors.within_a_batch(429, headers)):
        assert retry_after_s(theirs) == expected
        error = raised_for(theirs)
        assert isinstance(error, Unavailable)
        assert error.retry_after_s == expected


@pytest.mark.parametrize("status", [408, 429, 449, 500, 502, 503, 504, 599])
def test_an_outage_blames_the_moment(status: int) -> None:
    assert is_outage(status)


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 409, 412, 413, 424])
def test_everything_else_is_none(status: int) -> None:
    assert not is_outage(status)


@pytest.mark.parametrize("value", ["inf", "nan", "-inf", "-5", "soon", ""])
def test_a_wait_that_is_none_is_not_handed_on(value: str) -> None:
    assert retry_after_s(answered(503, headers={"Retry-After": value})) is None
    assert retry_after_s(answered(429, headers={"x-ms-retry-after-ms": value})) is None


def test_where_something_new_is_written_a_conflict_means_that_its_name_is_taken() -> None:
    with pytest.raises(NameTaken) as raised, translate_create_errors("robot"):
        raise cosmos_errors.made(CosmosResourceExistsError, 409, SECRET)
    assert str(raised.value) == "There is such a robot already."
    with pytest.raises(NotFound), translate_create_errors("robot"):
        raise answered(404)
