"""The validation of uploads whose events are dead letters, on this machine."""

import logging
from collections.abc import Awaitable, Callable

from exchange.domain.blob_names import batch_of_result
from exchange.domain.errors import ExchangeError, InputRejected, Unavailable

Validate = Callable[[str], Awaitable[None]]
"""Validates the upload with this name in the container `results`."""

log = logging.getLogger(__name__)


async def revalidate(blob: str, validate: Validate) -> str | None:
    """Validate the upload. Return the fault if this fails. Raises Unavailable, because others would fail too.

    A blob that is not the result of a batch needs no validation, as in the app.
    """
    try:
        await validate(blob)
    except Unavailable:
        raise
    except InputRejected:
        return None
    except ExchangeError as error:
        return str(error)
    except Exception as error:
        # The validation failed in the app and may fail here too. The other dead letters must still be handled.
        log.exception("the validation of %s failed", blob)
        return f"The validation failed with {type(error).__name__}."
    return None


def find_batch_id(blob: str) -> str | None:
    """Return the batch of which the blob is the result. None if it is not a result."""
    try:
        return str(batch_of_result(blob))
    except InputRejected:
        return None
