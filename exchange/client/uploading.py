"""The upload of a list of references that is too long for a request."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Generic, TypeVar
from uuid import UUID

from exchange.client.call import Call
from exchange.client.errors import Refused, Unreachable
from exchange.domain.ids import UUID_TEXT_LENGTH

T = TypeVar("T")

UPLOADED_ABOVE = 50_000
"""A batch request with more references than this is sent with an uploaded list."""

_IDS_PER_PIECE = 20_000


@dataclass(frozen=True, slots=True)
class ListedCall(Generic[T]):
    """A call that names a list of references, which is uploaded first. `make` takes the id of the upload."""

    reference_ids: Sequence[UUID]
    make: Callable[[UUID], Call[T]]


class IdListBody:
    """A list as the body of a PUT request: one id a line."""

    def __init__(self, reference_ids: Iterable[UUID]) -> None:
        self._ids = reference_ids if isinstance(reference_ids, Sequence) else list(reference_ids)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request. The storage requires the length before the body."""
        return {
            "x-ms-blob-type": "BlockBlob",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(self._ids) * (UUID_TEXT_LENGTH + 1)),
        }

    def pieces(self) -> Iterator[bytes]:
        """Yield the body in pieces."""
        ids = iter(self._ids)
        while piece := "".join(f"{reference_id}\n" for reference_id in islice(ids, _IDS_PER_PIECE)):
            yield piece.encode()


def check_stored(status: int) -> Unreachable | None:
    """Return the error if the storage was busy, so that the upload may be repeated. Raises Refused."""
    if status == HTTPStatus.CREATED:
        return None
    message = f"The upload of the list of references was answered with HTTP {status}."
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(message)
    raise Refused(status, [message])
