"""Uploads whose event was given up: validated here and now, as their event would have had it."""

import logging
from collections.abc import Awaitable, Callable

from exchange.domain.blob_names import batch_of_result
from exchange.domain.errors import ExchangeError, InputRejected, Unavailable

Validate = Callable[[str], Awaitable[None]]
"""Does what the event of this blob of the container `results` would have done."""

log = logging.getLogger(__name__)


async def validated(blob: str, validate: Validate) -> str | None:
    """Validate it, and say what is wrong if it could not be; raises Unavailable, as then no other can be either.

    A blob that is no result of any batch is done with, as it is for the app.
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
        # What the app failed at may fail here too, and is not to hold up the others.
        log.exception("%s can't be validated", blob)
        return f"Its validation failed with {type(error).__name__}."
    return None


def batch_of(blob: str) -> str | None:
    """Say whose result the blob is, if it is one."""
    try:
        return str(batch_of_result(blob))
    except InputRejected:
        return None
