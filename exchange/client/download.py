"""Downloads from signed URLs, which are resumed after a lost connection."""

from collections.abc import Mapping
from http import HTTPStatus

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
