"""Queries of the container `references`."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_errors
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.adapters.cosmos.partitions import FeedRange, PhysicalPartitions
from exchange.concurrency import run_concurrently

_CONTAINER = "references"

# The number of items in a page, if they fit in 4 MB. Cosmos DB's default is 100.
PAGE_ITEMS = 1_000


class Found(NamedTuple):
    """The items of one query and the ids that it named. `items` is None if there are more than were wanted."""

    ids: Sequence[UUID]
    items: list[Any] | None


class _Page(NamedTuple):
    """A page of items. Only the last one has no continuation."""

    items: list[Any]
    last: bool


class ReferenceQueries:
    """Runs queries in a physical partition, with the ids of all its buckets, or in one bucket.

    The ids of a small batch are in many buckets, and a query for each of them would cost more than the ids.
    """

    def __init__(self, database: CosmosDatabase, max_concurrent: int) -> None:
        self._database = database
        self.max_concurrent = max_concurrent
        self._partitions = PhysicalPartitions()

    async def container(self) -> ContainerProxy:
        """Return the container."""
        return await self._database.container(_CONTAINER)

    async def run(
        self, text: str, ids: Iterable[UUID], max_ids: int, max_pages: int | None = None
    ) -> AsyncIterator[Found]:
        """Yield what each query found. The list of ids is appended to `text`, at most `max_ids` in a query."""
        queries = (
            self._collect(text, feed_range, some, max_pages) for feed_range, some in await self._group(ids, max_ids)
        )
        async for found in run_concurrently(queries, self.max_concurrent):
            yield found

    async def fold(
        self,
        text: str,
        ids: Iterable[UUID],
        max_ids: int,
        receive: Callable[[list[Any]], None],
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        """Run the same queries, and hand over each page as it arrives. No more is in memory.

        `parameters` are those of `text`, by name.
        """
        queries = (
            self._fold(text, {"feed_range": feed_range, "parameters": parameters or {}}, some, receive)
            for feed_range, some in await self._group(ids, max_ids)
        )
        async for _ in run_concurrently(queries, self.max_concurrent):
            pass

    async def run_in_bucket(self, text: str, ids: Sequence[str], bucket: str) -> AsyncIterator[list[Any]]:
        """Yield the pages of one query in a bucket. The list of ids is appended to `text`."""
        async for page in self._read_pages(text, ids, partition_key=bucket):
            yield page.items

    async def _group(self, ids: Iterable[UUID], max_ids: int) -> Iterable[tuple[FeedRange, list[UUID]]]:
        with translate_errors("reference"):
            return await self._partitions.group(await self.container(), ids, max_ids)

    async def _collect(self, text: str, feed_range: FeedRange, ids: Sequence[UUID], max_pages: int | None) -> Found:
        items: list[Any] = []
        pages = 0
        async for page in self._read_pages(text, list(map(str, ids)), feed_range=feed_range):
            items += page.items
            pages += 1
            if pages == max_pages and not page.last:
                return Found(ids, None)
        return Found(ids, items)

    async def _fold(
        self, text: str, where: dict[str, Any], ids: Sequence[UUID], receive: Callable[[list[Any]], None]
    ) -> None:
        async for page in self._read_pages(text, list(map(str, ids)), **where):
            receive(page.items)

    async def _read_pages(
        self, text: str, ids: Sequence[str], parameters: Mapping[str, str] | None = None, **where: Any
    ) -> AsyncIterator[_Page]:
        named_ids = {f"@id{number}": item for number, item in enumerate(ids)}
        query = f"{text}({', '.join(named_ids)})"
        values: list[dict[str, object]] = [
            {"name": name, "value": value} for name, value in {**named_ids, **(parameters or {})}.items()
        ]
        with translate_errors("reference"):
            container = await self.container()
            found = container.query_items(query, parameters=values, max_item_count=PAGE_ITEMS, **where)
            pages = found.by_page()
            async for page in pages:
                items = [item async for item in page]
                # The SDK's type hides the attribute.
                yield _Page(items, last=getattr(pages, "continuation_token", None) is None)
