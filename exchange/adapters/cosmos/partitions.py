"""The physical partitions of the container `references`, and the ids whose references each of them has."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from azure.cosmos.aio import ContainerProxy

from exchange.domain.ids import bucket_of

FeedRange = dict[str, Any]
"""The SDK's opaque description of a physical partition."""

Group = tuple[FeedRange, list[UUID]]


class PhysicalPartitions:
    """Knows the physical partition of each bucket, and asks the SDK only once for it.

    When Azure splits or merges partitions, this does not change. The SDK then sends a query to every part of the feed
    range, so the answers stay right, with a few more requests until the process ends.
    """

    def __init__(self) -> None:
        self._feed_ranges: dict[str, FeedRange] = {}

    async def group(self, container: ContainerProxy, reference_ids: Iterable[UUID], max_ids: int) -> Iterator[Group]:
        """Return the ids in groups of at most `max_ids`, each in one physical partition."""
        # In a thread, because there may be many, and the event loop is shared by all invocations.
        buckets = await asyncio.to_thread(_group_by_bucket, reference_ids)
        unknown = buckets.keys() - self._feed_ranges.keys()
        if unknown:
            self._feed_ranges |= await _find_feed_ranges(container, unknown)
        partitions: dict[str, Group] = {}
        for bucket, ids in buckets.items():
            feed_range = self._feed_ranges[bucket]
            partitions.setdefault(str(feed_range), (feed_range, []))[1].extend(ids)
        return _split(list(partitions.values()), max_ids)


def _group_by_bucket(reference_ids: Iterable[UUID]) -> dict[str, list[UUID]]:
    buckets: dict[str, list[UUID]] = defaultdict(list)
    for reference_id in reference_ids:
        buckets[bucket_of(reference_id)].append(reference_id)
    return buckets


async def _find_feed_ranges(container: ContainerProxy, buckets: Iterable[str]) -> dict[str, FeedRange]:
    feed_ranges = [feed_range async for feed_range in container.read_feed_ranges()]
    found: dict[str, FeedRange] = {}
    for bucket in buckets:
        point = await container.feed_range_from_partition_key(bucket)
        for feed_range in feed_ranges:
            if await container.is_feed_range_subset(feed_range, point):
                found[bucket] = feed_range
    return found


def _split(partitions: list[Group], max_ids: int) -> Iterator[Group]:
    """Alternate between the partitions, so that concurrent queries use the throughput of all of them."""
    longest = max((len(ids) for _, ids in partitions), default=0)
    for start in range(0, longest, max_ids):
        for feed_range, ids in partitions:
            if some := ids[start : start + max_ids]:
                yield feed_range, some
