"""What the Azure SDKs raise, in terms of our own errors."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, IncompleteReadError

from functions.domain.errors import ExchangeError, NameTaken, NotFound, Stale, Unavailable

_RETRY_AFTER_MS = "x-ms-retry-after-ms"
_RETRY_AFTER = "Retry-After"


@contextmanager
def creating(what: str) -> Iterator[None]:
    """Raise NameTaken for a conflict, which is what it means where something new is written; else as `translated`."""
    with translated(what):
        try:
            yield
        except HttpResponseError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
            raise NameTaken(f"There is such a {what} already.") from error


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise our errors for the SDK's, about `what`; one that is neither expected nor an outage is a bug: it goes on.

    The SDK's own text is left out of ours, as it may quote a URL with its signature.
    """
    try:
        yield
    except HttpResponseError as error:
        ours = _ours(error, what)
        if ours is None:
            raise
        raise ours from error
    except AzureError as error:
        # No answer at all: connection refused or reset, time-out, name not resolved.
        raise Unavailable(f"The store of the {what} can't be reached.") from error


def _ours(error: HttpResponseError, what: str) -> ExchangeError | None:  # noqa: PLR0911 - a row a status
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFound(f"There is no such {what}.")
        case HTTPStatus.CONFLICT:
            # As of a blob that was archived: it may come back, and meanwhile others have to wait.
            return Unavailable(f"The {what} is in a state that does not allow it.")
        case HTTPStatus.PRECONDITION_FAILED:
            return Stale(f"The {what} was changed by somebody else.")
        case None if isinstance(error, ClientAuthenticationError):
            return Unavailable("No credential for the managed identity can be had.")
        case _ if error.status_code is None or isinstance(error, IncompleteReadError):
            return Unavailable(f"The answer with the {what} broke off.")
        case status if status is not None and is_outage(status):
            return Unavailable(f"The store of the {what} is not available.", retry_after_s=retry_after_s(error))
        case _:
            return None


def is_outage(status: int) -> bool:
    """Say whether a service's answer blames the moment and not the request."""
    return status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS, 449} or status >= 500  # noqa: PLR2004 - RFC 9110; 449 is Cosmos DB's 'retry with'


def retry_after_s(error: HttpResponseError) -> float | None:
    """Return how long the service asks to wait, if it does, in seconds."""
    headers: Mapping[str, str] = getattr(error, "headers", None) or getattr(error.response, "headers", None) or {}
    try:
        seconds = float(headers[_RETRY_AFTER_MS]) / 1000 if _RETRY_AFTER_MS in headers else float(headers[_RETRY_AFTER])
    except (KeyError, ValueError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
