"""The uploaded list of the references of a batch request, which may be too long for the body of a request."""

from dataclasses import dataclass
from uuid import UUID

from exchange.domain.ids import derive_id


@dataclass(frozen=True, slots=True, kw_only=True)
class IdList:
    """The list that a batch request names. `etag` is that of the file when the batch was requested.

    `read_at` is None until the list is read. The other fields say how to read it: whether references that this version
    of the robot has enhanced are skipped, whether hidden references exist for the requestor, and whether references
    that do not exist are left out. Otherwise they are a fault.
    """

    upload: UUID
    etag: str
    skip_enhanced: bool = False
    include_hidden: bool = False
    leave_out_missing: bool = False
    read_at: float | None = None


def derive_list_id(user_id: str, upload: UUID) -> UUID:
    """Return the id of the file that this user has uploaded. The same upload named by another user is another file."""
    return derive_id("id list", user_id, upload)
