"""Translation of errors, for calls that operators wait for."""

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import HttpResponseError

from exchange.adapters.azure_errors import translate_errors
from exchange.domain.errors import Unavailable


@contextmanager
def translate_dead_letter_errors(what: str) -> Iterator[None]:
    """Translate errors, and a refused request too: operators are told of a missing role, and see the other queues."""
    try:
        with translate_errors(what):
            yield
    except HttpResponseError as error:
        raise Unavailable(
            f"Azure refused the request for the {what} (HTTP {error.status_code}). Check the roles of the app."
        ) from error
