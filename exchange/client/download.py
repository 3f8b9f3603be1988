"""Downloads from signed URLs. They are resumed after a lost connection, and a file appears only when it is whole."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from exchange.client.errors import Refused

_EXPIRED = "The signed URL is not valid any more. Read the batch request again: each answer has freshly signed URLs."


class Download:
    """The state of a download: how many bytes have arrived, and of which version of the blob."""

    def __init__(self) -> None:
        self._received = 0
        self._etag: str | None = None

    def make_headers(self) -> dict[str, str]:
        """Return the headers that request the rest."""
        if not self._received or self._etag is None:
            return {}
        return {"Range": f"bytes={self._received}-", "If-Match": self._etag}

    def start(self, status: int, headers: Mapping[str, str]) -> bool:
        """Return whether the body may be read. False if the storage is busy. Raises Refused."""
        expected = HTTPStatus.PARTIAL_CONTENT if self._received else HTTPStatus.OK
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return False
        if status == HTTPStatus.FORBIDDEN:
            raise Refused(status, [_EXPIRED])
        if status != expected:
            raise Refused(status, [f"The download was answered with HTTP {status}."])
        self._etag = headers.get("ETag", self._etag)
        return True

    def count(self, data: bytes) -> bytes:
        """Record that these bytes have arrived, and return them."""
        self._received += len(data)
        return data


@contextmanager
def replacing(target: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target. It replaces the target at the end, and is deleted after an error.

    `mode` has the permissions of a new file, from which the process's umask is taken. A file that exists keeps its own.
    A link stays a link, and what is not a file, such as a device, is written directly.
    """
    target = target.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    temporary = target.with_name(f".{uuid4().hex}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            if target.exists():
                shutil.copymode(target, temporary)
            yield file
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
