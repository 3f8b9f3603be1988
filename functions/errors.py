"""What each error becomes: an HTTP status, and whether a message or event is redelivered."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NamedTuple
from uuid import UUID

from exchange.domain import errors
from exchange.telemetry.logs import bind_log_fields
from exchange.telemetry.operations import continue_trace

# Azure exports the records of the logger "exchange" and its children only.
log = logging.getLogger(f"exchange.{__name__}")


class ErrorPolicy(NamedTuple):
    """What an error becomes. `redeliver` is True if the same message may succeed later."""

    status: HTTPStatus
    redeliver: bool


ERROR_POLICIES: dict[type[errors.ExchangeError], ErrorPolicy] = {
    errors.InputRejected: ErrorPolicy(HTTPStatus.UNPROCESSABLE_ENTITY, redeliver=False),
    errors.NotJson: ErrorPolicy(HTTPStatus.BAD_REQUEST, redeliver=False),
    errors.PathMismatch: ErrorPolicy(HTTPStatus.BAD_REQUEST, redeliver=False),
    errors.TooLarge: ErrorPolicy(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, redeliver=False),
    errors.UnsupportedMediaType: ErrorPolicy(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, redeliver=False),
    errors.NotAuthenticated: ErrorPolicy(HTTPStatus.UNAUTHORIZED, redeliver=False),
    errors.Forbidden: ErrorPolicy(HTTPStatus.FORBIDDEN, redeliver=False),
    errors.NotFound: ErrorPolicy(HTTPStatus.NOT_FOUND, redeliver=True),
    errors.ResultMissing: ErrorPolicy(HTTPStatus.CONFLICT, redeliver=False),
    errors.Conflict: ErrorPolicy(HTTPStatus.CONFLICT, redeliver=False),
    errors.UploadReplaced: ErrorPolicy(HTTPStatus.CONFLICT, redeliver=False),
    errors.NameTaken: ErrorPolicy(HTTPStatus.CONFLICT, redeliver=False),
    errors.Unavailable: ErrorPolicy(HTTPStatus.SERVICE_UNAVAILABLE, redeliver=True),
    errors.WriteConflict: ErrorPolicy(HTTPStatus.SERVICE_UNAVAILABLE, redeliver=True),
    errors.TooManyOpenBatches: ErrorPolicy(HTTPStatus.TOO_MANY_REQUESTS, redeliver=True),
    errors.TooManyDeliveries: ErrorPolicy(HTTPStatus.TOO_MANY_REQUESTS, redeliver=True),
}


@asynccontextmanager
async def apply_error_policy(
    subject_id: UUID | str, message_properties: object = None, *, subject: str = "batch"
) -> AsyncIterator[None]:
    """Handle a message or event: log an error, and raise it if the message is to be redelivered.

    `message_properties` hold the `traceparent` of the span that sent the message. `subject` is what the id is of.
    """
    with bind_log_fields(**{f"{subject}_id": subject_id}), continue_trace(message_properties):
        try:
            yield
        except errors.ExchangeError as error:
            redeliver = ERROR_POLICIES[type(error)].redeliver
            log.warning("%s %s: %s: %s (redeliver=%s)", subject, subject_id, type(error).__name__, error, redeliver)
            if redeliver:
                raise
        except Exception:
            log.exception("%s %s: unexpected error", subject, subject_id)
            raise
