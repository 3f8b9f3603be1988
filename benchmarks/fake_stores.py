"""Fake stores for measurements in which the emulators would be slower than the code that is measured.

Blobs are files, read in pieces of the size that our adapter reads. The container serializes what the SDK would send,
and answers queries with generated references. Our adapter uses it like the real container.
"""

import json
import re
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

from azure.core.async_paging import AsyncItemPaged, AsyncList
from azure.cosmos.aio import ContainerProxy
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from benchmarks.inputs import make_references
from benchmarks.snapshot import make_items
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.domain import blob_names
from exchange.domain.batch import Upload

_PIECE_BYTES = 1 << 20
# The SDK's constructor has no type hints.
_NOT_FOUND: Callable[..., Exception] = CosmosResourceNotFoundError
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Writer:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def write(self, data: bytes | bytearray) -> None:
        self._file.write(data)


def _open(path: Path, mode: str) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return cast("BinaryIO", path.open(mode))


def _read_pieces(path: Path, offset: int, length: int = sys.maxsize) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(min(_PIECE_BYTES, length)):
            length -= len(piece)
            yield piece


class DiskBatchFiles:
    """The container `batches` as a folder; see `ports.BatchFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / blob_names.BATCHES

    @asynccontextmanager
    async def create(self, name: str) -> AsyncIterator[_Writer]:
        """Write a file."""
        with _open(self._folder / name, "wb") as file:
            yield _Writer(file)

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the file."""
        for piece in _read_pieces(self._folder / name, offset, length or sys.maxsize):
            yield piece

    async def exists(self, name: str) -> bool:
        """Return whether the file exists."""
        return (self._folder / name).exists()

    async def delete(self, name: str) -> None:
        """Delete the file."""
        (self._folder / name).unlink(missing_ok=True)


class DiskResultFiles:
    """The container `results` as a folder. Files are never replaced. See `ports.ResultFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / blob_names.RESULTS

    def write(self, batch_id: UUID, lines: Iterator[bytes]) -> None:
        """Write the result file of a batch, as its robot would."""
        with _open(self._folder / blob_names.result(batch_id), "wb") as file:
            for line in lines:
                file.write(line + b"\n")

    async def find_upload(self, batch_id: UUID) -> Upload | None:
        """Return the current upload. None if the file does not exist."""
        path = self._folder / blob_names.result(batch_id)
        if not path.exists():
            return None
        return Upload(etag="never replaced", last_modified=0.0, size=path.stat().st_size)

    async def read(self, batch_id: UUID, _etag: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the file."""
        for piece in _read_pieces(self._folder / blob_names.result(batch_id), 0):
            yield piece


class CountingContainer:
    """A fake container: accepts transactions, answers queries, and counts both."""

    def __init__(self) -> None:
        self.requests = 0
        self.bytes = 0
        self._reference = next(make_references(1))

    async def execute_item_batch(
        self, batch_operations: Sequence[tuple[str, tuple[Mapping[str, Any]]]], **_options: Any
    ) -> list[dict[str, Any]]:
        """Serialize a transaction, as the SDK would."""
        self.requests += 1
        self.bytes += len(json.dumps(batch_operations))
        return []

    async def read_item(self, _item_id: str, **_options: Any) -> dict[str, Any]:
        """Raise the error for an item that does not exist: no reference is full."""
        self.requests += 1
        raise _NOT_FOUND(404, "not found")

    async def read_feed_ranges(self) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the only physical partition."""
        yield {}

    async def feed_range_from_partition_key(self, _partition_key: str) -> dict[str, Any]:
        """Return the physical partition."""
        return {}

    async def is_feed_range_subset(self, parent_feed_range: dict[str, Any], child_feed_range: dict[str, Any]) -> bool:
        """Return whether one contains the other."""
        return parent_feed_range == child_feed_range

    def query_items(self, query: str, **options: Any) -> AsyncItemPaged[dict[str, Any]]:
        """Return one page with the items of a reference for each id in the query."""
        self.requests += 1
        ids = _ID.findall(query + json.dumps(options.get("parameters")))

        async def read_page(_after: str | None) -> list[dict[str, Any]]:
            reference_ids = list(map(UUID, ids))
            return list(make_items(reference_ids, iter([self._reference] * len(reference_ids))))

        async def read_items(found: list[dict[str, Any]]) -> tuple[None, AsyncIterator[dict[str, Any]]]:
            return None, AsyncList(found)

        return AsyncItemPaged(read_page, read_items)


class CountingDatabase(CosmosDatabase):
    """A database in which every container is the same counting container."""

    def __init__(self) -> None:
        super().__init__("", "", "")
        self.counting = CountingContainer()

    async def container(self, _name: str) -> ContainerProxy:
        """Return the container."""
        return cast("ContainerProxy", self.counting)
