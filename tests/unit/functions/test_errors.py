import asyncio
import logging
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from exchange.domain import errors
from exchange.domain.errors import ExchangeError
from functions.errors import ERROR_POLICIES, apply_error_policy


def list_subclasses(kind: type[ExchangeError]) -> Iterator[type[ExchangeError]]:
    for child in kind.__subclasses__():
        yield child
        yield from list_subclasses(child)


# Tests define errors of their own, which are not part of the tree.
TREE = [kind for kind in list_subclasses(ExchangeError) if kind.__module__.startswith(("exchange.", "functions."))]
# The error statuses of the contract, without 405 and 500, which no error of the tree becomes.
CONTRACT_STATUSES = {400, 401, 403, 404, 409, 413, 415, 422, 429, 503}
TEMPORARY = (errors.NotFound, errors.Unavailable)


async def handle(error: BaseException) -> None:
    async with apply_error_policy("b-1"):
        raise error


def test_the_policies_cover_exactly_the_errors_of_the_tree() -> None:
    assert set(ERROR_POLICIES) == set(TREE)
    assert {kind.__module__ for kind in TREE} == {errors.__name__}


def test_the_policies_use_every_status_of_the_contract_and_no_other() -> None:
    assert {policy.status for policy in ERROR_POLICIES.values()} == CONTRACT_STATUSES


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.InputRejected, HTTPStatus.UNPROCESSABLE_ENTITY),
        (errors.NotJson, HTTPStatus.BAD_REQUEST),
        (errors.TooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (errors.NotFound, HTTPStatus.NOT_FOUND),
        (errors.Conflict, HTTPStatus.CONFLICT),
        (errors.ResultMissing, HTTPStatus.CONFLICT),
        (errors.Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    ],
)
def test_an_error_has_the_status_of_the_contract(kind: type[ExchangeError], status: HTTPStatus) -> None:
    assert ERROR_POLICIES[kind].status is status


@pytest.mark.parametrize("kind", TREE)
def test_only_errors_that_may_pass_cause_redelivery(kind: type[ExchangeError]) -> None:
    expected = issubclass(kind, TEMPORARY) and kind is not errors.ResultMissing
    assert ERROR_POLICIES[kind].redeliver is expected


@pytest.mark.parametrize("kind", TREE)
async def test_an_error_is_logged_and_is_raised_only_for_redelivery(
    kind: type[ExchangeError], caplog: pytest.LogCaptureFixture
) -> None:
    error = kind("No luck.")
    if ERROR_POLICIES[kind].redeliver:
        with pytest.raises(kind) as raised:
            await handle(error)
        assert raised.value is error
    else:
        await handle(error)
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert all(word in record.getMessage() for word in ("b-1", kind.__name__, "No luck."))


async def test_an_unexpected_error_is_logged_once_with_its_traceback_and_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = KeyError("a bug")
    with pytest.raises(KeyError) as raised:
        await handle(error)
    assert raised.value is error
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "b-1" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_success_and_cancellation_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with apply_error_policy("b-1"):
        pass
    with pytest.raises(asyncio.CancelledError):
        await handle(asyncio.CancelledError())
    assert not caplog.records
