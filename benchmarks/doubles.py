"""What stands for the stores where these would be slower than what is measured: files, and a container that counts.

The blobs are plain files, read in chunks of the size that our adapter reads. The container takes what the SDK would
send, as JSON, and answers queries with references made up on the spot: our adapter works on it as on the real one.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID

from azure.core.async_paging import AsyncItemPaged, AsyncList
from azure.cosmos.aio import ContainerProxy

from benchmarks.inputs import references
from benchmarks.snapshot import stored
from exchange.adapters.cosmos.database import CosmosDatabase
from exchange.domain import blob_names
from exchange.domain.batch import Upload
from exchange.domain.errors import NotFound

_CHUNK = 1 << 20
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Writer:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    async def write(self, data: bytes | bytearray) -> None:
        self._file.write(data)


def _open(path: Path, mode: str) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return cast("BinaryIO", path.open(mode))


def _chunks(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(_CHUNK):
            yield chunk


class DiskBatchFiles:
    """The container `batches` as a folder; see `ports.BatchFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / blob_names.BATCHES

    @asynccontextmanager
    async def create(self, name: str) -> AsyncIterator[_Writer]:
        """Write a file."""
        with _open(self._folder / name, "wb") as file:
            yield _Writer(file)

    async def read(self, name: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Yield its bytes."""
        for chunk in _chunks(self._folder / name, offset):
            yield chunk

    async def exists(self, name: str) -> bool:
        """Say whether there is such a file."""
        return (self._folder / name).exists()


class DiskResultFiles:
    """The container `results` as a folder, where nothing is ever replaced; see `ports.ResultFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / blob_names.RESULTS

    def write(self, batch_id: UUID, lines: Iterator[bytes]) -> None:
        """Write a result as its robot would."""
        with _open(self._folder / blob_names.result(batch_id), "wb") as file:
            for line in lines:
                file.write(line + b"\n")

    async def current_upload(self, batch_id: UUID) -> Upload | None:
        """Return what stands."""
        path = self._folder / blob_names.result(batch_id)
        if not path.exists():
            raise NotFound("There is no such result.")
        return Upload(etag="made once", last_modified=0.0, size=path.stat().st_size)

    async def read(self, batch_id: UUID, _etag: str) -> AsyncGenerator[bytes, None]:
        """Yield its bytes."""
        for chunk in _chunks(self._folder / blob_names.result(batch_id), 0):
            yield chunk


class CountingContainer:
    """Takes batches and answers queries at once; counts both."""

    def __init__(self) -> None:
        self.requests = 0
        self.bytes = 0
        self._made = next(references(1))

    async def execute_item_batch(
        self, batch_operations: Sequence[tuple[str, tuple[Mapping[str, Any]]]], **_options: Any
    ) -> list[dict[str, Any]]:
        """Take a batch, as JSON, which the SDK would make of it, too."""
        self.requests += 1
        self.bytes += len(json.dumps(batch_operations))
        return []

    def query_items(self, query: str, **options: Any) -> AsyncItemPaged[dict[str, Any]]:
        """Answer with a reference of each id that the query names, and its enhancements, in one page."""
        self.requests += 1
        named = _ID.findall(query + json.dumps(options.get("parameters")))

        async def page(_after: str | None) -> list[dict[str, Any]]:
            known = [UUID(item) for item in named]
            return list(stored(known, iter([self._made] * len(known))))

        async def items(found: list[dict[str, Any]]) -> tuple[None, AsyncIterator[dict[str, Any]]]:
            return None, AsyncList(found)

        return AsyncItemPaged(page, items)


class CountingDatabase(CosmosDatabase):
    """Gives the counting container, whatever is asked for."""

    def __init__(self) -> None:
        super().__init__("", "", "")
        self.counting = CountingContainer()

    async def container(self, _name: str) -> ContainerProxy:
        """Return the container."""
        return cast("ContainerProxy", self.counting)
