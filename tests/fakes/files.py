"""In-memory fakes of the ports for blobs."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from exchange.domain import blob_names
from exchange.domain.batch import Upload
from exchange.domain.errors import NotFound, UploadReplaced
from exchange.domain.id_list import derive_list_id

PIECE_BYTES = 1 << 16


class FakeWriter:
    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: bytes | bytearray) -> None:
        self.data += data


class FakeBatchFiles:
    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    @asynccontextmanager
    async def create(self, name: str) -> AsyncIterator[FakeWriter]:
        writer = FakeWriter()
        yield writer
        self.blobs[name] = bytes(writer.data)

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        if name not in self.blobs:
            raise NotFound("The blob does not exist.")
        data = self.blobs[name][offset:][:length]
        for start in range(0, len(data), PIECE_BYTES):
            yield data[start : start + PIECE_BYTES]

    async def exists(self, name: str) -> bool:
        return name in self.blobs

    async def delete(self, name: str) -> None:
        self.blobs.pop(name, None)


class FakeResultFiles:
    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.uploads: dict[UUID, tuple[Upload, bytes]] = {}

    async def put(self, batch_id: UUID, data: bytes, fault: str | None = None) -> None:
        """Upload a result, as the robot does."""
        upload = Upload(etag=uuid4().hex, last_modified=self.clock(), size=len(data), fault=fault)
        self.uploads[batch_id] = (upload, data)

    async def find_upload(self, batch_id: UUID) -> Upload | None:
        return self.uploads[batch_id][0] if batch_id in self.uploads else None

    async def read(self, batch_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        start = 0
        while True:
            # Look up the upload again for each piece, because the test may replace it in between.
            upload, data = self.uploads.get(batch_id, (None, b""))
            if upload is None or upload.etag != etag:
                raise UploadReplaced("The upload is no longer current.")
            if start >= len(data):
                return
            yield data[start : start + PIECE_BYTES]
            start += PIECE_BYTES


class FakeIdLists:
    """The lists are blobs of `FakeBatchFiles`. Here the ETag of one is the digest of its content."""

    def __init__(self, files: FakeBatchFiles, clock: Callable[[], float]) -> None:
        self.files = files
        self.clock = clock
        self.faults: dict[UUID, str] = {}

    def put(self, user_id: str, upload: UUID, data: bytes) -> None:
        """Upload a list, as the requestor does."""
        self.files.blobs[blob_names.id_list(derive_list_id(user_id, upload))] = data

    async def find_upload(self, list_id: UUID) -> Upload | None:
        data = self.files.blobs.get(blob_names.id_list(list_id))
        if data is None:
            return None
        return Upload(etag=_digest(data), last_modified=self.clock(), size=len(data), fault=self.faults.get(list_id))

    async def read(self, list_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        start = 0
        while True:
            data = self.files.blobs.get(blob_names.id_list(list_id))
            if data is None or _digest(data) != etag:
                raise UploadReplaced("The upload is no longer current.")
            if start >= len(data):
                return
            yield data[start : start + PIECE_BYTES]
            start += PIECE_BYTES


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class FakeUrlSigner:
    lifetime_s = 3600.0
    origin = "https://blobs.test"

    async def sign_read_url(self, name: str) -> str:
        return f"https://blobs.test/batches/{name}?read&{uuid4().hex}"

    async def sign_upload_url(self, batch_id: UUID) -> str:
        return f"https://blobs.test/results/{batch_id}.jsonl?write&{uuid4().hex}"

    async def sign_list_upload_url(self, list_id: UUID) -> str:
        return f"https://blobs.test/batches/{blob_names.id_list(list_id)}?write&{uuid4().hex}"
