"""Repeating a conditional write that another process has overtaken."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from exchange.domain.errors import Unavailable, WriteConflict

T = TypeVar("T")

# Each write conflict means that another process changed the item. This many in a row indicate a fault.
MAX_CONFLICTS = 20


async def repeat_after_conflicts(read_and_write: Callable[[], Awaitable[T]], what: str) -> T:
    """Return what the function returns. Call it again if it raises WriteConflict; it must then read again.

    Raises Unavailable, with the name of the changed object in its sentence, after `MAX_CONFLICTS` conflicts.
    """
    for _ in range(MAX_CONFLICTS):
        try:
            return await read_and_write()
        except WriteConflict:
            continue
    raise Unavailable(f"The {what} is being changed by other processes. Try again.")
