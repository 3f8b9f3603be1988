"""The origin of the enhancements that a batch adds. It is a part of them from their validation on."""

from dataclasses import dataclass, field
from uuid import UUID

from pydantic_core import to_json

from exchange.contract.base import to_time_text
from exchange.domain.batch import Batch
from exchange.domain.ids import derive_id


@dataclass(frozen=True, slots=True)
class Origin:
    """The batch and the robot of enhancements, and the time at which they were validated, in seconds since the epoch.

    `request_id` is the id of the batch request if this batch is a part of one. An enhancement that does not name a
    `robot_version` gets the given one.
    """

    batch_id: UUID
    robot_id: UUID
    validated_at: float
    robot_version: str | None = None
    request_id: UUID | None = None
    _common: dict[str, str] = field(init=False)
    _common_end: bytes = field(init=False)

    def __post_init__(self) -> None:
        common = {
            "created_at": to_time_text(self.validated_at),
            "batch_request_id": str(self.request_id or self.batch_id),
            "robot_id": str(self.robot_id),
        }
        object.__setattr__(self, "_common", common)
        object.__setattr__(self, "_common_end", to_json(common)[1:])

    def make_fields(self, entry: int) -> dict[str, str]:
        """Return the fields of the origin. The id depends only on the batch and the number of the entry."""
        return {"id": str(derive_id(self.batch_id, entry)), **self._common}

    def format_end(self, entry: int) -> bytes:
        """Return the same fields as the end of a JSON object."""
        return b'"id":"%b",%b' % (str(derive_id(self.batch_id, entry)).encode(), self._common_end)


def make_origin(batch: Batch, validated_at: float) -> Origin:
    """Return the origin of what the robot of this batch delivers."""
    return Origin(batch.id, batch.robot_id, validated_at, batch.robot_version, batch.request_id)
