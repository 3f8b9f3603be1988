"""The jobs that the check sends to a robot, and what the robot does with them."""

import asyncio
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from msgspec.json import Encoder

from exchange.contract.base import escape_separators

Json = dict[str, Any]

_encode = Encoder().encode

# In place of an HTTP status: the connection is closed before the answer, or in the middle of the body.
DISCONNECT = 0
CUT = -1

_MAX_SHOWN = 12


class Kind(StrEnum):
    """The requests that a robot sends about a job, or to get one."""

    FETCH = "fetch"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    BLOCK = "block"
    REFRESH = "refresh"
    RENEWAL = "renewal"
    CALLBACK = "callback"


class Fault(StrEnum):
    """What the exchange or its storage would refuse about a request.

    The check answers as if it were right, so that one mistake does not hide the others.
    """

    URL = "url"
    AUTHORIZATION = "authorization"
    LENGTH = "length"
    BLOB_TYPE = "blob type"
    SIGNATURE = "signature"
    BODY = "body"
    MEDIA_TYPE = "media type"
    EARLY = "early"
    QUERY = "query"
    PATH = "path"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Received:
    """A request of the robot. `faults` has a sentence for each fault."""

    kind: Kind
    status: int
    faults: Mapping[Fault, str]
    body: bytes = field(default=b"", repr=False)
    at: float = field(default_factory=time.monotonic)


class PlayedJob:
    """A job. `faults` has the statuses of the answers to the robot's first requests of each kind."""

    def __init__(self, references: Sequence[Json], faults: Mapping[Kind, Iterable[int]] | None = None) -> None:
        self.id = str(uuid4())
        self.references = references
        self.data = escape_separators(b"".join(_encode(reference) + b"\n" for reference in references))
        self.result: bytes | None = None
        self.requests: list[Received] = []
        self.settled = asyncio.Event()
        # URLs with an older signature have expired.
        self.signature = 1
        # Where the download is cut into packets.
        self.cuts: Sequence[int] = ()
        # Where the download is held, and whether it has come there.
        self.hold_offset: int | None = None
        self.held = asyncio.Event()
        self._released = asyncio.Event()
        # As for a batch that was cancelled: the answer to a refresh has no URLs.
        self.cancelled = False
        self.retry_after_s = 0
        # The lease of a job that was fetched, which ends at a time of the monotonic clock.
        self.fetched = False
        self.lease_s = 0.0
        self.lease_until = math.inf
        self.given_back = False
        self._faults = {kind: list(statuses) for kind, statuses in (faults or {}).items()}

    @property
    def reference_ids(self) -> list[UUID]:
        """The ids of the references."""
        return [UUID(reference["id"]) for reference in self.references]

    def hold(self, offset: int = 0) -> None:
        """Hold the download at this offset until it is released."""
        self.hold_offset = offset

    def release(self) -> None:
        """Let the download go on."""
        self._released.set()

    async def pass_hold(self, offset: int) -> None:
        """Wait before a part of the download, if it comes after the hold."""
        if self.hold_offset is not None and offset >= self.hold_offset:
            self.held.set()
            await self._released.wait()

    def take_fault(self, kind: Kind) -> int | None:
        """Return the fault that is due for a request. None if it is to be answered as usual."""
        faults = self._faults.get(kind)
        return faults.pop(0) if faults else None

    def record(self, received: Received) -> None:
        """Record a request. A callback that the exchange has accepted or refused for good settles the job."""
        self.requests.append(received)
        if received.kind is Kind.CALLBACK and received.status in {200, 202, 409}:
            self.settled.set()

    def list(self, *kinds: Kind) -> list[Received]:
        """Return the requests of these kinds."""
        return [received for received in self.requests if received.kind in kinds]

    def find_fault(self, fault: Fault) -> str | None:
        """Return the sentence about the first request with this fault."""
        return next((received.faults[fault] for received in self.requests if fault in received.faults), None)

    def describe_requests(self) -> str:
        """Return the requests and their answers, for a message."""
        if not self.requests:
            return "It sent no request about the job."
        shown = [f"{received.kind} {received.status or 'lost'}" for received in self.requests[:_MAX_SHOWN]]
        more = ", ..." if len(self.requests) > _MAX_SHOWN else ""
        return f"Its requests and their answers: {', '.join(shown)}{more}."
