"""Writes many items into one partition, in transactions (Cosmos DB's transactional batches)."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from azure.core.exceptions import HttpResponseError
from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos.database import Item
from exchange.domain.errors import Unavailable
from exchange.domain.room import NO_ROOM

# Cosmos DB's limits of a transaction. The bytes leave room for the JSON around each operation.
MAX_OPERATIONS = 100
MAX_BYTES = 1_950_000
_OVERHEAD_BYTES = 80

# How long a throttled transaction is retried if a caller waits, as the SDK does for other requests.
_RETRY_BUDGET_S = 30.0
_RETRY_DELAY_S = 0.5

_REFUSALS: Mapping[int | None, str] = {
    HTTPStatus.BAD_REQUEST: "the store does not accept the item",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "it is too large",
}

# The substatus of a 403 for a full logical partition. Every other 403 is a missing role, which an operator can add.
_PARTITION_FULL = 1014


@dataclass(frozen=True, slots=True)
class Upsert:
    """An item to write, with the length of its JSON in bytes, and the key by which the caller identifies it."""

    key: Any
    item: Item
    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that the store cannot hold, and the reason."""

    key: Any
    reason: str


class Sized(Protocol):
    """The content of an item, with the length of its JSON in bytes."""

    @property
    def size(self) -> int:
        """The length."""


T = TypeVar("T", bound=Sized)


def split_into_transactions(items: Sequence[T]) -> Iterator[list[T]]:
    """Split the items for one partition into transactions that Cosmos DB accepts."""
    transaction: list[T] = []
    size = 0
    for item in items:
        item_size = item.size + _OVERHEAD_BYTES
        if transaction and (len(transaction) == MAX_OPERATIONS or size + item_size > MAX_BYTES):
            yield transaction
            transaction, size = [], 0
        transaction.append(item)
        size += item_size
    if transaction:
        yield transaction


async def write_transaction(
    container: ContainerProxy, partition: str, upserts: list[Upsert], retry_budget_s: float = _RETRY_BUDGET_S
) -> list[Refused]:
    """Write the items and return those that the store refused permanently. All others are stored on return.

    A refused item fails its transaction, so the others are written again without it. A throttled transaction is retried
    for `retry_budget_s`. After that, and in an outage, Unavailable is raised.
    """
    refused: list[Refused] = []
    while upserts:
        failure = await _try_transaction(container, partition, upserts, retry_budget_s)
        if failure is None:
            break
        if _is_partition_full(failure):
            # The others are not tried one by one: the partition has no room for them either.
            refused += [Refused(upsert.key, NO_ROOM) for upsert in upserts]
            break
        culprit = _find_culprit(failure, upserts)
        if culprit is None:
            half = len(upserts) // 2
            refused += await write_transaction(container, partition, upserts[:half], retry_budget_s)
            upserts = upserts[half:]
        else:
            refused.append(Refused(upserts[culprit].key, find_refusal(failure) or ""))
            upserts = upserts[:culprit] + upserts[culprit + 1 :]
    return refused


def find_refusal(error: HttpResponseError) -> str | None:
    """Return why the store permanently refused an item. None if it refused it for another reason."""
    if _is_partition_full(error):
        return NO_ROOM
    return _REFUSALS.get(error.status_code)


def _is_partition_full(error: HttpResponseError) -> bool:
    """Return whether the logical partition is full. A missing role refuses a whole request, never one operation."""
    reported = getattr(error, "sub_status", None)
    of_operation = hasattr(error, "error_index") and reported is None
    return error.status_code == HTTPStatus.FORBIDDEN and (reported == _PARTITION_FULL or of_operation)


def _find_culprit(failure: HttpResponseError, upserts: list[Upsert]) -> int | None:
    """Return the index of the refused item. None if the failure does not name it."""
    if len(upserts) == 1:
        return 0
    index: int | None = getattr(failure, "error_index", None)
    return index


async def _try_transaction(
    container: ContainerProxy, partition: str, upserts: list[Upsert], retry_budget_s: float
) -> HttpResponseError | None:
    """Write the items in one transaction. Return a permanent failure. Retry after throttling: the SDK does not."""
    waited = 0.0
    while True:
        try:
            with translate_errors("reference"):
                return await _execute(container, partition, upserts)
        except Unavailable as error:
            wait = error.retry_after_s or _RETRY_DELAY_S
            throttled = getattr(error.__cause__, "status_code", None) == HTTPStatus.TOO_MANY_REQUESTS
            if not throttled or waited + wait > retry_budget_s:
                raise
            await asyncio.sleep(wait)
            waited += wait


async def _execute(container: ContainerProxy, partition: str, upserts: list[Upsert]) -> HttpResponseError | None:
    operations = [("upsert", (upsert.item,)) for upsert in upserts]
    try:
        await container.execute_item_batch(operations, partition_key=partition)
    except HttpResponseError as error:
        if find_refusal(error) is None:
            raise
        return error
    return None
