"""What each family of errors becomes at the border: an HTTP status, and the fate of a message or a blob event."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from functions.domain import errors
from functions.telemetry.logs import about

log = logging.getLogger(__name__)


class Fate(Enum):
    """What becomes of the message or event whose handling ended in an error."""

    DONE = auto()
    DELIVER_AGAIN = auto()


class Outcome(NamedTuple):
    """What an error becomes."""

    status: HTTPStatus
    fate: Fate


OUTCOMES: dict[type[errors.ExchangeError], Outcome] = {
    errors.InputRejected: Outcome(HTTPStatus.UNPROCESSABLE_ENTITY, Fate.DONE),
    errors.NotJson: Outcome(HTTPStatus.BAD_REQUEST, Fate.DONE),
    errors.TooLarge: Outcome(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Fate.DONE),
    errors.NotAuthenticated: Outcome(HTTPStatus.UNAUTHORIZED, Fate.DONE),
    errors.Forbidden: Outcome(HTTPStatus.FORBIDDEN, Fate.DONE),
    errors.NotFound: Outcome(HTTPStatus.NOT_FOUND, Fate.DELIVER_AGAIN),
    errors.ResultMissing: Outcome(HTTPStatus.CONFLICT, Fate.DONE),
    errors.AlreadyDone: Outcome(HTTPStatus.CONFLICT, Fate.DONE),
    errors.UploadReplaced: Outcome(HTTPStatus.CONFLICT, Fate.DONE),
    errors.NameTaken: Outcome(HTTPStatus.CONFLICT, Fate.DONE),
    errors.Unavailable: Outcome(HTTPStatus.SERVICE_UNAVAILABLE, Fate.DELIVER_AGAIN),
    errors.Stale: Outcome(HTTPStatus.SERVICE_UNAVAILABLE, Fate.DELIVER_AGAIN),
    errors.TooManyOpen: Outcome(HTTPStatus.TOO_MANY_REQUESTS, Fate.DELIVER_AGAIN),
}


@asynccontextmanager
async def outcome(batch_id: UUID | str) -> AsyncIterator[None]:
    """Decide the fate of the message or event that is being handled: raise if it is to be delivered again."""
    with about(batch_id=batch_id):
        try:
            yield
        except errors.ExchangeError as error:
            fate = OUTCOMES[type(error)].fate
            log.warning("batch %s: %s: %s (%s)", batch_id, type(error).__name__, error, fate.name.lower())
            if fate is Fate.DELIVER_AGAIN:
                raise
        except Exception:
            log.exception("batch %s: unexpected error", batch_id)
            raise
