"""Translation of the Azure SDKs' errors into ours."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, IncompleteReadError

from exchange.domain.errors import ExchangeError, NameTaken, NotFound, Unavailable, WriteConflict

_RETRY_AFTER_MS = "x-ms-retry-after-ms"
_RETRY_AFTER = "Retry-After"


@contextmanager
def translate_create_errors(what: str) -> Iterator[None]:
    """Translate the errors of creating a `what`. A conflict means that it exists, and raises NameTaken."""
    with translate_errors(what):
        try:
            yield
        except HttpResponseError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
            raise NameTaken(f"This {what} already exists.") from error


@contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Raise our errors for the SDK's errors about a `what`. An error that is neither expected nor an outage is a bug.

    A bug is raised unchanged. The SDK's message is left out of ours, because it may quote a signed URL.
    """
    try:
        yield
    except HttpResponseError as error:
        translated = _translate(error, what)
        if translated is None:
            raise
        raise translated from error
    except AzureError as error:
        # No answer: connection refused or reset, timeout, or name not resolved.
        raise Unavailable(f"The store of the {what} cannot be reached.") from error


def _translate(error: HttpResponseError, what: str) -> ExchangeError | None:  # noqa: PLR0911 - one row per status
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFound(f"The {what} does not exist.")
        case HTTPStatus.CONFLICT:
            # For example an archived blob, which may become available again.
            return Unavailable(f"The {what} is in a state that does not allow the operation.")
        case HTTPStatus.PRECONDITION_FAILED:
            return WriteConflict(f"The {what} was changed by another process.")
        case None if isinstance(error, ClientAuthenticationError):
            return Unavailable("The managed identity has no credential.")
        case _ if error.status_code is None or isinstance(error, IncompleteReadError):
            return Unavailable(f"The connection broke while the {what} was read.")
        case status if status is not None and is_outage(status):
            return Unavailable(f"The store of the {what} is not available.", retry_after_s=read_retry_after(error))
        case _:
            return None


def is_outage(status: int) -> bool:
    """Return whether a status means that the service is temporarily unable to answer."""
    return status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, 449} or status >= 500  # noqa: PLR2004 - RFC 9110; 449 is Cosmos DB's 'retry with'


def read_error_code(error: HttpResponseError) -> str | None:
    """Return the code that the service gives for the error. The answer to a HEAD request has it in a header only."""
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    return headers.get("x-ms-error-code")


def read_retry_after(error: HttpResponseError) -> float | None:
    """Return the wait that the service asks for, in seconds. None if it asks for none."""
    headers: Mapping[str, str] = getattr(error, "headers", None) or getattr(error.response, "headers", None) or {}
    try:
        seconds = float(headers[_RETRY_AFTER_MS]) / 1000 if _RETRY_AFTER_MS in headers else float(headers[_RETRY_AFTER])
    except (KeyError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
