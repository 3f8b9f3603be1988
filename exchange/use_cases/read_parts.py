"""Reading parts of the exchange for operators: what cannot be read must not hide the others."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar

from exchange.domain.errors import ExchangeError

T = TypeVar("T")

_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """What was read. If it could not be read, `value` is None and `fault` is the reason."""

    value: T | None
    fault: str | None = None


async def read_part(read: Awaitable[T]) -> Part[T]:
    """Return what was read, or the reason why it could not be."""
    try:
        async with asyncio.timeout(_LIMIT_S):
            return Part(await read)
    except TimeoutError:
        return Part(None, f"There was no answer within {_LIMIT_S:g} s.")
    except ExchangeError as error:
        return Part(None, str(error))
