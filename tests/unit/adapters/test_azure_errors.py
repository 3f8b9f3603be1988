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

from exchange.adapters.azure_errors import is_outage, read_retry_after, translate_create_errors, translate_errors
from exchange.domain.errors import ExchangeError, NameTaken, NotFound, Unavailable, WriteConflict
from tests.unit.adapters import cosmos_errors

SECRET = "https://data.example/results/a.jsonl?se=2030&sig=s3cret%3D"


def response_error(
    status: int | None, kind: type[HttpResponseError] = HttpResponseError, headers: Mapping[str, str] | None = None
) -> HttpResponseError:
    """Return an error as an SDK raises it for a response. Its text quotes a signed URL, as the text of an SDK may."""
    response: Any = SimpleNamespace(status_code=status, reason=SECRET, headers=headers or {}, text=lambda: SECRET)
    return kind(SECRET, response if status else None)


def translate(error: Exception) -> BaseException:
    with pytest.raises(Exception) as raised, translate_errors("batch request"):  # noqa: PT011 - the test checks the type
        raise error
    return raised.value


TRANSLATED: list[tuple[Exception, type[ExchangeError]]] = [
    (response_error(404, ResourceNotFoundError), NotFound),
    (response_error(404), NotFound),
    (cosmos_errors.make(CosmosResourceNotFoundError, 404, SECRET), NotFound),
    # For example, of an archived blob.
    (response_error(409, ResourceExistsError), Unavailable),
    (cosmos_errors.make(CosmosResourceExistsError, 409, SECRET), Unavailable),
    (response_error(412, ResourceModifiedError), WriteConflict),
    (cosmos_errors.make(CosmosAccessConditionFailedError, 412, SECRET), WriteConflict),
    (response_error(408), Unavailable),
    (response_error(429), Unavailable),
    (cosmos_errors.response_error(429, SECRET), Unavailable),
    (cosmos_errors.response_error(449, SECRET), Unavailable),
    (cosmos_errors.transaction_error(429, text=SECRET), Unavailable),
    (response_error(500), Unavailable),
    (response_error(503), Unavailable),
    (cosmos_errors.response_error(503, SECRET), Unavailable),
    (ServiceRequestError(SECRET), Unavailable),
    (ServiceRequestTimeoutError(SECRET), Unavailable),
    (ServiceResponseError(SECRET), Unavailable),
    (ServiceResponseTimeoutError(SECRET), Unavailable),
    (cosmos_errors.make(CosmosClientTimeoutError, SECRET), Unavailable),
    (AzureError(SECRET), Unavailable),
    (ClientAuthenticationError(SECRET), Unavailable),
    (CredentialUnavailableError(SECRET), Unavailable),
    # A download that is interrupted: the SDK has no status, or the status of a response that began successfully.
    (response_error(None), Unavailable),
    (response_error(206, IncompleteReadError), Unavailable),
]


@pytest.mark.parametrize(
    ("original", "translated"), TRANSLATED, ids=lambda part: getattr(part, "__name__", type(part).__name__)
)
def test_an_expected_error_is_translated_without_its_text(original: Exception, translated: type[ExchangeError]) -> None:
    error = translate(original)
    assert type(error) is translated
    assert error.__cause__ is original
    assert "s3cret" not in f"{error} {error!r} {error.args}"
    assert str(error).endswith(".")


@pytest.mark.parametrize("status", [400, 401, 403, 405, 411, 413, 414, 416])
def test_a_response_that_a_bug_causes_is_raised_unchanged(status: int) -> None:
    for original in (response_error(status), cosmos_errors.response_error(status, SECRET)):
        assert translate(original) is original


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), TimeoutError(), WriteConflict("already translated")])
def test_an_error_that_is_not_from_an_sdk_is_raised_unchanged(error: Exception) -> None:
    assert translate(error) is error


def test_the_message_names_the_object() -> None:
    for original in (
        response_error(404),
        response_error(409),
        response_error(412),
        response_error(503),
        ServiceRequestError("x"),
    ):
        assert "batch request" in str(translate(original))


def test_nothing_is_raised_without_an_error() -> None:
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
def test_the_retry_delay_of_the_service_is_kept_in_seconds(headers: dict[str, str], expected: float | None) -> None:
    of_a_response = response_error(429, headers=headers)
    for original in (of_a_response, cosmos_errors.transaction_error(429, headers)):
        assert read_retry_after(original) == expected
        error = translate(original)
        assert isinstance(error, Unavailable)
        assert error.retry_after_s == expected


@pytest.mark.parametrize("status", [408, 429, 449, 500, 502, 503, 504, 599])
def test_a_temporary_status_is_an_outage(status: int) -> None:
    assert is_outage(status)


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 409, 412, 413, 424])
def test_any_other_status_is_not_an_outage(status: int) -> None:
    assert not is_outage(status)


@pytest.mark.parametrize("value", ["inf", "nan", "-inf", "-5", "soon", ""])
def test_an_invalid_retry_delay_is_ignored(value: str) -> None:
    assert read_retry_after(response_error(503, headers={"Retry-After": value})) is None
    assert read_retry_after(response_error(429, headers={"x-ms-retry-after-ms": value})) is None


def test_a_conflict_on_creation_means_that_the_name_is_taken() -> None:
    with pytest.raises(NameTaken) as raised, translate_create_errors("robot"):
        raise cosmos_errors.make(CosmosResourceExistsError, 409, SECRET)
    assert str(raised.value) == "This robot already exists."
    with pytest.raises(NotFound), translate_create_errors("robot"):
        raise response_error(404)
