"""Batch requests that are named by the beginning of their ids."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from exchange.cli.exits import CommandError
from exchange.client import Client

_PREFIX = re.compile(r"[0-9a-f]{8,32}", re.IGNORECASE)
# How many of the user's batch requests are searched, the newest ones.
_MAX_SEARCHED = 1_000
_MAX_NAMED = 5


def _check(_type: object, given: str | None) -> None:
    if given is not None and _find_uuid(given) is None and not _PREFIX.fullmatch(_simplify(given)):
        raise ValueError(f"'{given}' is neither the id of a batch request nor its first 8 or more digits.")


BatchId = Annotated[str, Parameter(validator=_check)]
"""The id of a batch request, or its first digits."""


def find_batch(client: Client, given: str) -> UUID:
    """Return the id of the batch request. Raises CommandError if none or several of the user's begin with this."""
    return find_batches(client, [given])[0]


def find_batches(client: Client, given: Iterable[str]) -> list[UUID]:
    """Return the ids of batch requests. Only if one is not complete, the user's batch requests are listed."""
    names = list(given)
    known: list[UUID] = []
    if any(_find_uuid(name) is None for name in names):
        known = [batch.id for batch in islice(client.list_batches(), _MAX_SEARCHED)]
    return [_find_uuid(name) or _find_known(name, known) for name in names]


def _find_known(prefix: str, known: Iterable[UUID]) -> UUID:
    found = [batch_id for batch_id in known if batch_id.hex.startswith(_simplify(prefix))]
    if not found:
        raise CommandError(f"None of your newest {_MAX_SEARCHED:,} batch requests has an id that begins with {prefix}.")
    if len(found) > 1:
        names = ", ".join(map(str, found[:_MAX_NAMED]))
        raise CommandError(f"{len(found)} batch requests have an id that begins with {prefix}, for example {names}.")
    return found[0]


def _find_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _simplify(prefix: str) -> str:
    return prefix.replace("-", "").lower()
