"""What the steps need of the outside world, each as a Protocol; and `Services`, the record of all of them.

Every call may raise `Unavailable` when the system behind it is down for now. What else a call raises, it says.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from functions.contract.batches import BatchStatus
from functions.contract.identifiers import ExternalIdentifier
from functions.contract.references import Reference, ReferenceFileInput
from functions.contract.robots import BatchRobotRequest, Robot
from functions.domain.batch import Batch, Upload
from functions.domain.callers import Member
from functions.domain.events import Due
from functions.domain.limits import Deadlines, Limits
from functions.domain.robot_answer import RobotAnswer
from functions.domain.selection import Selection
from functions.domain.signatures import RobotSecrets
from functions.domain.windows import AcceptedEntry, Refusal

Clock = Callable[[], float]
"""Gives the seconds since the epoch."""

NewId = Callable[[], UUID]
"""Makes an id that nothing else has."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch as it was read; `etag` changes with every write of it."""

    batch: Batch
    etag: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which batches to list: this requestor's and of this status, or of all."""

    requestor: str | None
    status: BatchStatus | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some batches, the newest first; `after` asks for the ones that follow and is None if there are none."""

    batches: Sequence[Batch]
    after: str | None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What is counted of a batch that has not ended. `created_at` is in seconds since the epoch."""

    status: BatchStatus
    created_at: float


class BatchStore(Protocol):
    """The batch items."""

    async def create(self, batch: Batch) -> None:
        """Write a new batch; raises NameTaken if its id exists."""

    async def load(self, batch_id: UUID) -> StoredBatch:
        """Read a batch as it was last written, by whichever process; raises NotFound."""

    async def replace(self, batch: Batch, etag: str) -> None:
        """Write the batch if it is still as it was read with this ETag; raises Stale if not, NotFound if gone."""

    def due(self, now: float) -> AsyncIterator[UUID]:
        """Yield the batches whose `due_at` is not after `now`, the longest overdue first."""

    async def open_of(self, requestor: str, most: int) -> int:
        """Count the requestor's batches that have not ended, but no further than `most`."""

    def unfinished(self) -> AsyncIterator[Unfinished]:
        """Yield what is counted of each batch that has not ended, in no order."""

    async def page(self, wanted: Wanted, size: int, after: str | None) -> Page:
        """Return a page of batches, the newest first, and where the next one goes on."""


@dataclass(frozen=True, slots=True)
class StoredRobot:
    """A robot as it was read: which version its secret is of; `etag` changes with every write of it."""

    robot: Robot
    secret_version: int
    etag: str


class RobotStore(Protocol):
    """The registered robots."""

    async def create(self, robot: Robot) -> int:
        """Write a new robot and return the version of its secret; raises NameTaken if its name or id exists."""

    async def load(self, robot_id: UUID) -> StoredRobot:
        """Read a robot as it was last written; raises NotFound."""

    async def replace(self, robot: Robot, secret_version: int, etag: str) -> None:
        """Write it if it is still as it was read with this ETag; raises Stale if not, NotFound, NameTaken."""

    async def all(self) -> Sequence[Robot]:
        """Return all robots, by their names."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A reference that was asked to be loaded: `existing` if it was there already, and then nothing changed."""

    id: UUID
    existing: bool


class ReferenceStore(Protocol):
    """The references, their identifiers, and the enhancements beside them."""

    async def add(self, reference: ReferenceFileInput) -> Loaded:
        """Write a reference under an id of its own; one whose identifiers are known already is left as it is.

        Raises InputRejected if its identifiers belong to different references or the store can't hold it.
        """

    async def missing(self, reference_ids: Iterable[UUID], *, hidden_too: bool = True) -> set[UUID]:
        """Return those of the ids that no reference has; unless `hidden_too`, a hidden one is missing as well."""

    async def find(self, identifier: ExternalIdentifier) -> UUID | None:
        """Return the id of the reference that has this identifier, if one does."""

    def snapshot(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Reference]:
        """Yield the references with the enhancements and identifiers that are selected, and no others.

        In no order; a reference that does not exist (any more) is left out.
        """

    def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        """Write the enhancements beside their references; the same again changes nothing.

        Yields each time that a group of them is stored, with those of it that the store refused for good. At the
        end all others are stored.
        """


class BlobWriter(Protocol):
    """A blob being written."""

    async def write(self, data: bytes | bytearray) -> None:
        """Append; the data may be changed once the call returns."""


class BatchFiles(Protocol):
    """The blobs of the container `batches`, which only we write."""

    def create(self, name: str) -> AbstractAsyncContextManager[BlobWriter]:
        """Write a blob: it is there, whole, when the context ends, and not at all if the context raises."""

    def read(self, name: str, offset: int = 0) -> AsyncGenerator[bytes, None]:
        """Yield the blob's bytes from `offset` on, in chunks of bounded size; raises NotFound."""

    async def exists(self, name: str) -> bool:
        """Say whether there is such a blob (they expire)."""


class ResultFiles(Protocol):
    """The blobs of the container `results`, which robots write and we only read."""

    async def standing(self, batch_id: UUID) -> Upload | None:
        """Return the upload that stands for this batch now, if one does."""

    def read(self, batch_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the upload with this ETag; raises UploadReplaced as soon as it no longer stands."""


class GivenUp(Protocol):
    """The events of uploads that were given up: only a person sends them again. What Service Bus gave up, it counts."""

    async def poisoned(self) -> int:
        """Count, about, the events that failed at each try."""

    async def undelivered(self) -> int:
        """Count what Event Grid could not deliver, a thousand at most; raises NotFound if it has no place for it."""


class UrlSigner(Protocol):
    """Signed URLs, anew at each call: one blob, one right, an hour or what the setting says."""

    async def to_read(self, name: str) -> str:
        """Sign a URL to read this blob of the container `batches`."""

    async def to_upload(self, batch_id: UUID) -> str:
        """Sign a URL to write this batch's result."""


class Queues(Protocol):
    """The queues `dispatch` and `import`."""

    async def send(self, due: Due) -> None:
        """Send the order. Sent twice, it is delivered twice."""


class RobotCalls(Protocol):
    """Calls to robots."""

    async def offer(self, robot: Robot, secret: str, request: BatchRobotRequest) -> RobotAnswer:
        """Post the batch to the robot, signed. What the robot or the network does is in the answer; it never raises."""

    async def faults(self, base_url: str) -> list[str]:
        """Say why this address of a robot may not be called, a sentence each; none if it may."""


class Tokens(Protocol):
    """Access tokens."""

    async def member(self, token: str) -> Member:
        """Say whose token it is, and what it allows; raises NotAuthenticated unless it holds in every respect."""


class Dependency(Protocol):
    """A system that we depend on."""

    async def check(self) -> None:
        """Reach it in the cheapest way that shows that it is there; raises Unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that a step may need."""

    clock: Clock
    new_id: NewId
    batches: BatchStore
    robots: RobotStore
    references: ReferenceStore
    files: BatchFiles
    results: ResultFiles
    given_up: GivenUp
    urls: UrlSigner
    queues: Queues
    robot_calls: RobotCalls
    secrets: RobotSecrets
    tokens: Tokens
    dependencies: Mapping[str, Dependency]
    limits: Limits
    deadlines: Deadlines
