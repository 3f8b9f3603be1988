"""What the use cases need of the outside world, each as a Protocol; and `Services`, the record of all of them.

Every call may raise `Unavailable` if the system behind it is down. Other errors are named in the docstrings.
"""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from exchange.contract.batches import BatchStatus
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.operations import DeadLetterQueue
from exchange.contract.references import Reference, StoredEnhancement
from exchange.contract.robots import BatchRobotRequest, Robot
from exchange.domain.batch import Batch, Phase, Upload, find_phase
from exchange.domain.callers import User
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.console import ConsoleSignIn
from exchange.domain.dead_letters import DeadLetterPage, ResendResult
from exchange.domain.limits import Deadlines, Limits
from exchange.domain.listing import BatchFilter
from exchange.domain.messages import Message
from exchange.domain.paging import EnhancementFilter, ReferencePage, ReferencePart
from exchange.domain.robot_answer import RobotAnswer
from exchange.domain.selection import Selection
from exchange.domain.signatures import RobotSecrets
from exchange.domain.webhook_deliveries import WebhookAnswer, WebhookDelivery
from exchange.domain.webhooks import Webhooks, WebhookSecrets

Clock = Callable[[], float]
"""Returns the seconds since the epoch."""

NewId = Callable[[], UUID]
"""Returns a new unique id."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch as it was read. Every write of the batch changes its `etag`."""

    batch: Batch
    etag: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page of batches, newest first. The next page begins after the sort key `next_after`, None on the last one."""

    batches: Sequence[Batch]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """The fields of an open batch or part that stats need. Times are in seconds since the epoch.

    `available_at` is that of `Batch`. `is_leased` is True for a part that a robot fetched.
    """

    status: BatchStatus
    created_at: float
    due_at: float
    import_started: bool
    robot_id: UUID
    in_parts: bool = False
    is_part: bool = False
    is_leased: bool = False
    available_at: float | None = None
    is_reading: bool = False

    @property
    def phase(self) -> Phase:
        """The phase of the batch."""
        return find_phase(
            self.status, import_started=self.import_started, in_parts=self.in_parts, is_reading=self.is_reading
        )


class BatchStore(Protocol):
    """The batch items. Lists and counts have batch requests, not their parts, if not otherwise said."""

    async def create(self, batch: Batch) -> None:
        """Write a new batch or part. Idempotent. Raises NameTaken if another one has its id."""

    async def load(self, batch_id: UUID) -> StoredBatch:
        """Read the latest state of a batch, also if another process wrote it. Raises NotFound."""

    async def replace(self, batch: Batch, etag: str) -> str:
        """Write the batch if it still has this ETag, and return its new ETag.

        Raises WriteConflict if it has another ETag, NotFound if it is gone.
        """

    def list_overdue(self, now: float) -> AsyncIterator[UUID]:
        """Yield the batches and parts whose `due_at` is not after `now`, longest overdue first. Some may have ended."""

    async def list_available(self, robot_id: UUID, now: float, limit: int) -> Sequence[UUID]:
        """Return batches and parts of the robot whose `available_at` is not after `now`, longest waiting first."""

    async def list_parts(self, batch_id: UUID, after: int, limit: int) -> Sequence[Batch]:
        """Return the parts of a batch request whose number is greater than `after`, in the order of their numbers."""

    async def delete(self, batch_id: UUID, etag: str) -> None:
        """Delete the batch if it still has this ETag.

        Raises WriteConflict if it has another ETag, NotFound if it is gone.
        """

    async def count_open(self, requestor: str, limit: int, older_than: Batch | None = None) -> int:
        """Count the requestor's batches that have not ended, or those before this one. Stop counting at `limit`.

        A batch is before another one if it is older. The ids decide between batches of the same age.
        """

    def list_open(self) -> AsyncIterator[OpenBatch]:
        """Yield every batch and part that has not ended, in no order."""

    async def list_page(self, batch_filter: BatchFilter, size: int, after: str | None) -> Page:
        """Return a page of batches, newest first. `after` is `next_after` of the previous page."""

    async def list_of_robot(self, robot_id: UUID, since: float, limit: int) -> Sequence[Batch]:
        """Return the robot's newest batches, at most `limit`, that were created at `since` or later."""


@dataclass(frozen=True, slots=True)
class StoredRobot:
    """A robot as it was read, with the version of its secret. Every write of the robot changes its `etag`.

    `previous_secret_until` is the time, in seconds since the epoch, until which the secret of the previous version is
    valid too. None means that it is not.
    """

    robot: Robot
    secret_version: int
    etag: str
    previous_secret_until: float | None = None


class RobotStore(Protocol):
    """The registered robots."""

    async def create(self, robot: Robot) -> int:
        """Write a new robot and return the version of its secret. Idempotent.

        Raises NameTaken if another robot has its name or id.
        """

    async def load(self, robot_id: UUID) -> StoredRobot:
        """Read the latest state of a robot. Raises NotFound."""

    async def replace(self, changed: StoredRobot) -> None:
        """Write the robot if it still has the ETag. Raises WriteConflict if not, and NotFound, NameTaken."""

    async def list_all(self) -> Sequence[Robot]:
        """Return all robots, sorted by name."""


@dataclass(frozen=True, slots=True)
class StoredWebhooks:
    """The webhooks of one user as they were read. Every write changes the `etag`. It is empty if none were written.

    `requested_at` has the times at which the user lately requested deliveries: tests, and events again.
    """

    owner: str
    webhooks: Webhooks
    etag: str
    requested_at: tuple[float, ...] = ()


class WebhookStore(Protocol):
    """The webhooks. Those of one user are read and written together, so that their number has an exact limit."""

    async def load(self, owner: str) -> StoredWebhooks:
        """Read the webhooks of a user. A user without any has an empty tuple."""

    async def find_owner(self, webhook_id: UUID) -> str:
        """Return the user who owns this webhook. Raises NotFound."""

    async def replace(self, changed: StoredWebhooks) -> None:
        """Write the webhooks if they still have the ETag. Raises WriteConflict if not."""


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery to a webhook as it was read. Every write changes its `etag`."""

    delivery: WebhookDelivery
    etag: str


class WebhookDeliveryStore(Protocol):
    """The deliveries to webhooks. They expire some time after their last write."""

    async def create(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """Write the delivery, unless there is one with its id. Return the stored one."""

    async def load(self, webhook_id: UUID, delivery_id: UUID) -> StoredDelivery:
        """Read a delivery of this webhook. Raises NotFound."""

    async def replace(self, delivery: WebhookDelivery, etag: str) -> str:
        """Write the delivery if it still has this ETag, and return its new ETag. Raises WriteConflict, NotFound."""

    async def list_latest(self, webhook_id: UUID, limit: int) -> Sequence[WebhookDelivery]:
        """Return the latest deliveries of this webhook, latest first."""

    async def list_failed(self, limit: int) -> Sequence[WebhookDelivery]:
        """Return the failed deliveries of all webhooks, latest first."""

    async def count_failed(self, limit: int) -> int:
        """Count the failed deliveries of all webhooks. Stop counting at `limit`."""

    def list_overdue(self, now: float) -> AsyncIterator[WebhookDelivery]:
        """Yield the deliveries whose `due_at` is not after `now`, longest overdue first."""


class WebhookCalls(Protocol):
    """Calls to webhooks."""

    async def post(self, url: str, secrets: Sequence[str], delivery: WebhookDelivery) -> WebhookAnswer:
        """Post the body of the delivery, signed with each secret. Never raises: the answer holds every failure."""

    async def find_address_faults(self, url: str) -> list[str]:
        """Return the reasons why this address may not be called, one sentence each."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim of a reference on the identifier with this key. Every write of the claim changes its `etag`."""

    key: str
    owner: UUID
    etag: str


class IdentifierClaims(Protocol):
    """Which reference an identifier belongs to. `use_cases/load_reference.py` describes the states of a claim."""

    async def read(self, keys: Iterable[str]) -> list[Claim]:
        """Return the claims on these identifiers. An identifier without a claim is left out."""

    async def claim(self, key: str, owner: UUID, before: Claim | None) -> Claim | None:
        """Write a claim if nothing changed since `before` was read. Return it, or None if something changed."""

    async def release(self, claim: Claim) -> None:
        """Delete the claim if nothing changed since it was read or written."""


class ReferenceStore(Protocol):
    """The references with their identifiers and enhancements."""

    async def create(self, reference: Reference) -> None:
        """Write a new reference with its enhancements. It exists only when it is complete. Idempotent.

        Raises NameTaken if its id is forbidden, and InputRejected if the store cannot hold it or has no room for it.
        """

    async def forbid(self, reference_id: UUID) -> None:
        """Make sure that no reference with this id can be created any more. Idempotent.

        Raises NameTaken if the reference exists.
        """

    async def add_identifiers(self, reference_id: UUID, identifiers: Sequence[ExternalIdentifier]) -> int:
        """Add those of these identifiers that the reference does not have. Return their number.

        Raises NotFound, WriteConflict, and InputRejected if the store cannot hold it.
        """

    async def add_enhancements(self, enhancements: Sequence[StoredEnhancement]) -> int:
        """Write the enhancements whose ids do not exist yet. Return their number.

        All are of one reference. Raises InputRejected if there is no room for them, or if the store cannot hold one of
        them; others may be stored then.
        """

    async def delete(self, reference_id: UUID) -> None:
        """Delete a reference and its enhancements, also those that are added meanwhile. Raises NotFound."""

    async def find_missing(self, reference_ids: Iterable[UUID], *, include_hidden: bool = True) -> set[UUID]:
        """Return the ids without a reference. Hidden references count as missing unless `include_hidden`."""

    async def find_enhanced(
        self, reference_ids: Iterable[UUID], robot_id: UUID, robot_version: str | None
    ) -> set[UUID]:
        """Return the ids of references that have an enhancement by this robot and version. None means any version."""

    def stream(self, reference_ids: Iterable[UUID], selection: Selection) -> AsyncIterator[Sequence[ReferencePart]]:
        """Yield the references with the selected types of enhancements and identifiers, in no order.

        The parts of a reference follow each other. Its enhancements are newest first. A reference that does not exist
        is left out.
        """

    async def read_page(self, reference_id: UUID, wanted: EnhancementFilter) -> ReferencePage | None:
        """Return a reference with some of its enhancements, newest first. None if it does not exist.

        The page may have fewer than wanted. Its size is bounded.
        """

    def import_entries(self, entries: Sequence[AcceptedEntry]) -> AsyncIterator[list[Refusal]]:
        """Write the enhancements of these entries. Idempotent.

        Yields after each group of entries is stored, with the entries of the group that the store refused permanently,
        or that it has no room for. All others are stored at the end. Other imports at the same time may make a
        reference exceed its room a little.
        """


class BlobWriter(Protocol):
    """A blob being written."""

    async def write(self, data: bytes | bytearray) -> None:
        """Append the data. The caller may change `data` after the call."""


class BatchFiles(Protocol):
    """The blobs of the container `batches` that the exchange writes."""

    def create(self, name: str) -> AbstractAsyncContextManager[BlobWriter]:
        """Write a blob. It exists completely after the context ends, and not at all if the context raises."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a blob from `offset`, at most `length`, in pieces of bounded size. Raises NotFound."""

    async def exists(self, name: str) -> bool:
        """Return whether the blob exists. Blobs expire."""

    async def delete(self, name: str) -> None:
        """Delete the blob. Idempotent."""


class ResultFiles(Protocol):
    """The blobs of the container `results`, which robots write and the exchange only reads."""

    async def find_upload(self, batch_id: UUID) -> Upload | None:
        """Return what the result blob of this batch holds now. None if the blob does not exist."""

    def read(self, batch_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the upload with this ETag. Raises UploadReplaced as soon as it is no longer current."""


class IdLists(Protocol):
    """The lists of reference ids that requestors upload. They are blobs of the container `batches`.

    A list is found by the id that `derive_list_id` returns.
    """

    async def find_upload(self, list_id: UUID) -> Upload | None:
        """Return what the blob holds now. None if the blob does not exist."""

    def read(self, list_id: UUID, etag: str) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of the upload with this ETag. Raises UploadReplaced as soon as it is no longer current."""


Revalidate = Callable[[str], Awaitable[str | None]]
"""Has the upload with this name in the container `results` validated. Returns the fault if this is not possible."""


class DeadLetterStore(Protocol):
    """The dead letters of one queue: messages or events that nothing processes any more."""

    async def count(self) -> int:
        """Return the number of dead letters, at most `MAX_COUNTED`. It may be approximate.

        Raises NotFound if the place for them does not exist.
        """

    async def list_first(self, limit: int) -> DeadLetterPage:
        """Return the first dead letters without changing them. It may return fewer than there are and than `limit`."""

    def resend(self, names: Collection[str] | None, revalidate: Revalidate) -> AsyncGenerator[ResendResult, None]:
        """Resend the dead letters with these names, or all, and remove them. Yields one result for each. Idempotent.

        A message is sent to its queue again. The upload of an event is passed to `revalidate`. The caller may stop
        early: then the others stay.
        """


class UrlSigner(Protocol):
    """Signed URLs. Each call signs a new one for one blob and one permission."""

    @property
    def lifetime_s(self) -> float:
        """How long a URL is valid, in seconds."""

    @property
    def origin(self) -> str:
        """The origin that all URLs have: scheme, host and port."""

    async def sign_read_url(self, name: str) -> str:
        """Return a URL to read this blob of the container `batches`."""

    async def sign_upload_url(self, batch_id: UUID) -> str:
        """Return a URL to write the result of this batch."""

    async def sign_list_upload_url(self, list_id: UUID) -> str:
        """Return a URL to write this list of reference ids."""


class Queues(Protocol):
    """The queues `dispatch`, `import` and `notify`."""

    async def send(self, message: Message) -> None:
        """Send the message. Sending it twice delivers it twice."""


class RobotCalls(Protocol):
    """Calls to robots."""

    async def send_job(self, robot: Robot, secret: str, job: BatchRobotRequest) -> RobotAnswer:
        """Post the job to the robot with a signature. Never raises: the answer holds every kind of failure."""

    async def find_address_faults(self, base_url: str) -> list[str]:
        """Return the reasons why this address of a robot may not be called, one sentence each."""


class Tokens(Protocol):
    """Access tokens."""

    async def authenticate(self, token: str) -> User:
        """Return the user of the token. Raises NotAuthenticated if the token is invalid."""


class Dependency(Protocol):
    """A system that the exchange depends on."""

    async def check(self) -> None:
        """Reach the system with the cheapest possible request. Raises Unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that a use case may need."""

    clock: Clock
    new_id: NewId
    batches: BatchStore
    robots: RobotStore
    webhooks: WebhookStore
    webhook_deliveries: WebhookDeliveryStore
    references: ReferenceStore
    claims: IdentifierClaims
    files: BatchFiles
    results: ResultFiles
    id_lists: IdLists
    dead_letters: Mapping[DeadLetterQueue, DeadLetterStore]
    urls: UrlSigner
    queues: Queues
    robot_calls: RobotCalls
    secrets: RobotSecrets
    webhook_calls: WebhookCalls
    webhook_secrets: WebhookSecrets
    tokens: Tokens
    dependencies: Mapping[str, Dependency]
    limits: Limits
    deadlines: Deadlines
    console: ConsoleSignIn | None


GetServices = Callable[[], Services]
"""Returns the services. They are made at the first call."""
