"""What a batch added."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from exchange.cli.exits import CommandError
from exchange.client import Client
from exchange.contract.references import StoredEnhancement

Model = TypeVar("Model", bound=BaseModel)


class _Owner(BaseModel):
    """The only field of an enhancement that is needed to find it again."""

    reference_id: UUID


class Added:
    """The enhancements that a batch added, by their references. They wait in a file, not in memory."""

    def __init__(self, lines: Iterable[bytes], file: BinaryIO) -> None:
        """`file` is empty, and for this object only."""
        self._file = file
        self._places: dict[UUID, list[int]] = {}
        self._taken: set[UUID] = set()
        place = 0
        for line in lines:
            self._places.setdefault(_parse(_Owner, line).reference_id, []).append(place)
            place += file.write(line + b"\n")

    @property
    def reference_ids(self) -> Iterable[UUID]:
        """The references that got something, in the order of the file."""
        return self._places

    @property
    def taken(self) -> int:
        """The number of references whose enhancements were taken."""
        return len(self._taken)

    @property
    def left(self) -> int:
        """The number of references whose enhancements were not taken."""
        return len(self._places) - len(self._taken)

    def take(self, reference_id: UUID) -> list[StoredEnhancement]:
        """Return the enhancements of a reference, which is written."""
        places = self._places.get(reference_id, ())
        if places:
            self._taken.add(reference_id)
        return [_parse(StoredEnhancement, self._read(place)) for place in places]

    def _read(self, place: int) -> bytes:
        self._file.seek(place)
        return self._file.readline()


def _parse(model: type[Model], line: bytes) -> Model:
    try:
        return model.model_validate_json(line)
    except ValidationError:
        raise CommandError("The file of the added enhancements cannot be read.") from None


def read_added(client: Client, batch_id: UUID) -> Iterator[bytes]:
    """Yield the enhancements that a batch added, as lines. Raises CommandError if there are none."""
    batch = client.read_batch(batch_id)
    if batch.enhancements_url is None:
        raise CommandError(f"Batch request {batch_id} added nothing: it is {batch.request_status}.")
    return client.read_lines(batch.enhancements_url)


@contextmanager
def open_added(client: Client, batch_id: UUID) -> Iterator[Added]:
    """Provide the enhancements that a batch added. Raises CommandError if there are none."""
    lines = read_added(client, batch_id)
    with tempfile.TemporaryFile() as file:
        yield Added(lines, file)
