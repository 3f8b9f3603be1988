"""Many items into one partition, in as few requests as Cosmos DB takes."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from azure.core.exceptions import HttpResponseError
from azure.cosmos.aio import ContainerProxy

from functions.adapters.azure_errors import translated
from functions.adapters.cosmos.database import Item
from functions.domain.errors import Unavailable

# Cosmos DB's limits of a transactional batch; the bytes leave room for what frames each operation.
MOST_OPERATIONS = 100
MOST_BYTES = 1_950_000
_FRAME_BYTES = 80

# How long a throttled batch is tried again where somebody waits for the answer, as the SDK does for other requests.
_THROTTLED_FOR_S = 30.0
_THROTTLED_WAIT_S = 0.5

_CULPRITS = {
    HTTPStatus.BAD_REQUEST: "the store takes no such item",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "it is too large",
}


@dataclass(frozen=True, slots=True)
class Upsert:
    """An item to write, with the length of its JSON in bytes, and a key by which the caller knows it."""

    key: Any
    item: Item
    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that the store can't hold, and why."""

    key: Any
    reason: str


class Sized(Protocol):
    """What goes into an item, with the length of its JSON in bytes."""

    @property
    def size(self) -> int:
        """The length."""


T = TypeVar("T", bound=Sized)


def batches(items: Sequence[T]) -> Iterator[list[T]]:
    """Cut what goes into one partition into batches that Cosmos DB takes."""
    batch: list[T] = []
    size = 0
    for item in items:
        framed = item.size + _FRAME_BYTES
        if batch and (len(batch) == MOST_OPERATIONS or size + framed > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += framed
    if batch:
        yield batch


async def write_batch(
    container: ContainerProxy, partition: str, batch: list[Upsert], patience_s: float = _THROTTLED_FOR_S
) -> list[Refused]:
    """Write a batch; return the items that the store refused for good. All others are stored when it returns.

    A refused item takes its batch down with it, so the others are tried again without it. What is throttled is tried
    again for `patience_s`; then, and in an outage, it raises Unavailable.
    """
    refused: list[Refused] = []
    while batch:
        failure = await _try_batch(container, partition, batch, patience_s)
        if failure is None:
            break
        culprit = _culprit(failure, batch)
        if culprit is None:
            half = len(batch) // 2
            refused += await write_batch(container, partition, batch[:half], patience_s)
            batch = batch[half:]
        else:
            refused.append(Refused(batch[culprit].key, _CULPRITS[HTTPStatus(failure.status_code or 0)]))
            batch = batch[:culprit] + batch[culprit + 1 :]
    return refused


def _culprit(failure: HttpResponseError, batch: list[Upsert]) -> int | None:
    """Say which item the failure is about, if that is known; a batch of one leaves no doubt."""
    if len(batch) == 1:
        return 0
    index: int | None = getattr(failure, "error_index", None)
    return index


async def _try_batch(
    container: ContainerProxy, partition: str, batch: list[Upsert], patience_s: float
) -> HttpResponseError | None:
    """Write the batch; return the failure if it is for good. A throttled one is tried again: the SDK does not."""
    waited = 0.0
    while True:
        try:
            with translated("reference"):
                return await _request(container, partition, batch)
        except Unavailable as error:
            wait = error.retry_after_s or _THROTTLED_WAIT_S
            throttled = getattr(error.__cause__, "status_code", None) == HTTPStatus.TOO_MANY_REQUESTS
            if not throttled or waited + wait > patience_s:
                raise
            await asyncio.sleep(wait)
            waited += wait


async def _request(container: ContainerProxy, partition: str, batch: list[Upsert]) -> HttpResponseError | None:
    operations = [("upsert", (upsert.item,)) for upsert in batch]
    try:
        await container.execute_item_batch(operations, partition_key=partition)
    except HttpResponseError as error:
        if error.status_code not in _CULPRITS:
            raise
        return error
    return None
