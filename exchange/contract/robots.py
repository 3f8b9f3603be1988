"""Robots: their registration, the jobs they receive, their results and callbacks."""

from collections.abc import Mapping
from enum import StrEnum
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

from exchange.contract.base import MAX_TEXT_LENGTH, BaseUrlText, HttpUrlText, WireModel
from exchange.contract.enhancements import Enhancement, EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.reports import EntryKind


class RobotIn(WireModel):
    """The registration of a robot. Unknown fields are forbidden, because a misspelt dependency would be ignored."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_TEXT_LENGTH, description="Unique among robots.")
    base_url: BaseUrlText = Field(
        description="The exchange calls `<base_url>/batch/`. In Azure this must be an https URL with a public address. "
        "A robot that fetches its jobs may have `https://no-base-url.invalid`."
    )
    description: str = Field(max_length=10 * MAX_TEXT_LENGTH)
    owner: str = Field(max_length=MAX_TEXT_LENGTH, description="Who is responsible for the robot.")
    dependent_enhancements: list[EnhancementType] = Field(
        default_factory=list, description="The types of enhancements that the robot receives."
    )
    dependent_identifiers: list[IdentifierType] = Field(
        default_factory=list, description="The types of identifiers that the robot receives."
    )

    @model_serializer(mode="wrap")
    def _omit_defaults(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what has its default, because published clients refuse fields that they do not know."""
        known = type(self).model_fields
        dumped: dict[str, Any] = fields(self)
        return {
            name: value
            for name, value in dumped.items()
            if known[name].is_required() or value != known[name].get_default(call_default_factory=True)
        }


MAX_JOB_REFERENCES = 1_000_000
MAX_VERSION_LENGTH = 200


class Delivery(StrEnum):
    """How a robot gets its jobs."""

    PUSH = "push"
    """The exchange calls the robot at its `base_url`."""
    PULL = "pull"
    """The robot fetches its jobs. The exchange never calls it."""


class Robot(RobotIn):
    """A registered robot. Fields that have their default are left out."""

    id: UUID4
    enabled: bool = Field(default=True, description="Whether the robot takes new batch requests.")
    delivery: Delivery = Field(
        Delivery.PUSH, description="Whether the exchange sends the robot its jobs, or the robot fetches them."
    )
    max_references: int | None = Field(
        None, gt=0, le=MAX_JOB_REFERENCES, description="The most references that the robot wants in one job."
    )
    version: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_VERSION_LENGTH,
        description="The robot's present version. Enhancements that do not name a version get it.",
    )


def _remove_default(schema: dict[str, Any]) -> None:
    schema.pop("default")


class RobotSettings(WireModel):
    """Settings of a robot to change. Those that are left out stay as they are, so no default is ever used.

    Unknown fields are forbidden, because a misspelt `enabled` would leave the robot running.
    """

    model_config = ConfigDict(extra="forbid")

    enabled: bool = Field(
        default=True,
        json_schema_extra=_remove_default,
        description="Whether the robot takes new batch requests. Its open ones go on.",
    )
    delivery: Delivery = Field(
        Delivery.PUSH,
        json_schema_extra=_remove_default,
        description="`push`: the exchange calls the robot. `pull`: the robot fetches its jobs. Batch requests that are "
        "open stay as they are.",
    )
    max_references: int | None = Field(
        None,
        gt=0,
        le=MAX_JOB_REFERENCES,
        json_schema_extra=_remove_default,
        description="The most references that the robot wants in one job. Null means that it has no limit.",
    )
    version: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_VERSION_LENGTH,
        json_schema_extra=_remove_default,
        description="The robot's present version, as in `robot_version` of its enhancements. Null means unknown.",
    )


class ProvisionedRobot(Robot):
    """A robot with its secret. The secret is shown on registration and when it is cycled, and never again."""

    client_secret: str = Field(repr=False, description="The secret for signatures, 64 hex digits.")


class RobotList(RootModel[list[Robot]]):
    """All robots, sorted by name."""


class SecretQuery(WireModel):
    """How to replace a secret. With `revoke` the previous one ends at once, as after a leak."""

    revoke: bool = False


class BatchRobotRequest(WireModel):
    """A job: the body of the exchange's call to `<base_url>/batch/`."""

    id: UUID4 = Field(description="The id of the batch request. The callback names it as `request_id`.")
    reference_storage_url: str = Field(description="Signed URL to read the references: one `Reference` per line.")
    result_storage_url: str = Field(
        description="Signed URL to upload the result file: one `BatchEnhancementResultEntry` per line."
    )
    extra_fields: dict[str, Any] | None = Field(None, description="Always null at present.")


class RobotError(WireModel):
    """A robot's message about the failure of a whole batch."""

    message: str


class LinkedRobotError(RobotError):
    """A robot's message about why it has no enhancement for one reference."""

    reference_id: UUID4


class BatchRobotResult(WireModel):
    """A robot's callback: the result file is uploaded (`error` is null), or the whole batch failed."""

    request_id: UUID4 = Field(description="The `id` of the job.")
    error: RobotError | None = Field(None, description="Set only if the whole batch failed. Nothing is imported then.")
    storage_url: HttpUrlText | None = Field(
        None, description="Optional. It must be the `result_storage_url` of the job."
    )


class BatchRobotResultValidationEntry(WireModel):
    """One line of the report, about one entry of the result or one missing reference."""

    reference_id: UUID4 | None = Field(
        None, description="Null if the entry names no requested reference that can be recognised."
    )
    error: str | None = Field(None, description="Null if the enhancement was added. Otherwise the reason.")
    line: int | None = Field(
        None, description="Number of the non-blank line in the result file, from 1. Null for a missing reference."
    )
    kind: EntryKind | None = Field(None, description="What became of the entry, for programs.")


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
        custom_error_message="the entry must be an enhancement (with 'content') or a robot error (with 'message')",
    ),
]
"""One line of a robot's result file."""
