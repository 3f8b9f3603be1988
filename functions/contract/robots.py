"""Robots: how they are registered, what they are asked, what they answer."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    UUID4,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
)

from functions.contract.base import LONGEST_TEXT, HttpUrlText, WireModel
from functions.contract.enhancements import Enhancement, EnhancementType
from functions.contract.identifiers import IdentifierType


class RobotIn(WireModel):
    """The registration of a robot. Unknown fields are forbidden: a misspelt dependency would silently be none."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=LONGEST_TEXT)
    base_url: HttpUrlText
    description: str = Field(max_length=10 * LONGEST_TEXT)
    owner: str = Field(max_length=LONGEST_TEXT)
    dependent_enhancements: list[EnhancementType] = Field(default_factory=list)
    dependent_identifiers: list[IdentifierType] = Field(default_factory=list)

    @model_serializer(mode="wrap")
    def _without_empty_dependencies(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what the robot doesn't depend on: published clients refuse fields that they don't know."""
        dumped: dict[str, Any] = fields(self)
        return {name: value for name, value in dumped.items() if value or not name.startswith("dependent_")}


class Robot(RobotIn):
    """A registered robot."""

    id: UUID4


class ProvisionedRobot(Robot):
    """A robot with its secret, shown when it is registered and when the secret is cycled, and never again."""

    client_secret: str = Field(repr=False)


class RobotList(RootModel[list[Robot]]):
    """All robots, by their names."""


class BatchRobotRequest(WireModel):
    """What the system posts to `<base_url>/batch/`."""

    id: UUID4
    reference_storage_url: str
    result_storage_url: str
    extra_fields: dict[str, Any] | None = None


class RobotError(WireModel):
    """A robot's words on what went wrong with a whole batch."""

    message: str


class LinkedRobotError(RobotError):
    """A robot's words on why it has no enhancement for one reference."""

    reference_id: UUID4


class BatchRobotResult(WireModel):
    """A robot's callback: the result file is ready, or the whole batch failed."""

    request_id: UUID4
    error: RobotError | None = None
    storage_url: HttpUrlText | None = None


class BatchRobotResultValidationEntry(WireModel):
    """One line of the report. `reference_id` is null where the line could not be parsed, `error` where it was added."""

    reference_id: UUID4 | None = None
    error: str | None = None


def _kind(entry: object) -> str | None:
    if not isinstance(entry, Mapping):
        return None
    if entry.get("content") is not None:
        return "enhancement"
    return "robot error" if "message" in entry else None


BatchEnhancementResultEntry = Annotated[
    Annotated[Enhancement, Tag("enhancement")] | Annotated[LinkedRobotError, Tag("robot error")],
    Discriminator(
        _kind,
        custom_error_type="result_entry",
        custom_error_message="neither an enhancement, which has 'content', nor a robot error, which has 'message'",
    ),
]
"""One line of a robot's result file."""
