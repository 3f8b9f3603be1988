import asyncio
import logging
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from exchange.domain import errors
from exchange.domain.errors import ExchangeError
from functions.errors import ERROR_POLICIES, Fate, outcome


def below(kind: type[ExchangeError]) -> Iterator[type[ExchangeError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


TREE = [kind for kind in below(ExchangeError) if kind.__module__.startswith("functions.")]
# What the contract says that an answer may be, besides the method's own success.
OF_THE_CONTRACT = {400, 401, 403, 404, 409, 413, 422, 429, 503}
AGAIN = (errors.NotFound, errors.Unavailable)


async def handled(error: BaseException) -> None:
    async with outcome("b-1"):
        raise error


def test_every_error_of_the_tree_has_a_row_and_no_other_has() -> None:
    assert set(ERROR_POLICIES) == set(TREE)
    assert {kind.__module__ for kind in TREE} == {errors.__name__}


def test_the_statuses_are_those_of_the_contract_each_at_least_once() -> None:
    assert {row.status for row in ERROR_POLICIES.values()} == OF_THE_CONTRACT


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
def test_an_error_is_what_the_contract_says(kind: type[ExchangeError], status: HTTPStatus) -> None:
    assert ERROR_POLICIES[kind].status is status


@pytest.mark.parametrize("kind", TREE)
def test_only_what_may_succeed_later_is_delivered_again(kind: type[ExchangeError]) -> None:
    again = issubclass(kind, AGAIN) and kind is not errors.ResultMissing
    assert ERROR_POLICIES[kind].fate is (Fate.DELIVER_AGAIN if again else Fate.DONE)


@pytest.mark.parametrize("kind", TREE)
async def test_it_is_raised_if_it_is_to_be_delivered_again_and_logged_either_way(
    kind: type[ExchangeError], caplog: pytest.LogCaptureFixture
) -> None:
    error = kind("No luck.")
    if ERROR_POLICIES[kind].fate is Fate.DELIVER_AGAIN:
        with pytest.raises(kind) as raised:
            await handled(error)
        assert raised.value is error
    else:
        await handled(error)
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert all(word in record.getMessage() for word in ("b-1", kind.__name__, "No luck."))


async def test_what_nobody_expected_is_logged_once_with_where_it_came_from_and_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = KeyError("a bug")
    with pytest.raises(KeyError) as raised:
        await handled(error)
    assert raised.value is error
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "b-1" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_what_went_well_or_was_cancelled_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with outcome("b-1"):
        pass
    with pytest.raises(asyncio.CancelledError):
        await handled(asyncio.CancelledError())
    assert not caplog.records
