"""References, as robots read them and as contributors load them."""

from enum import StrEnum
from typing import Any, Self

from pydantic import UUID4, AliasChoices, AwareDatetime, ConfigDict, Field, model_validator

from exchange.contract.base import WireModel
from exchange.contract.enhancements import Enhancement, EnhancementContent, EnhancementType, Visibility
from exchange.contract.identifiers import ExternalIdentifier, IdentifierType


class StoredEnhancement(Enhancement):
    """An enhancement of a reference, with its origin."""

    created_at: AwareDatetime | None = Field(
        None, description="The time of the load, or of the validation of the robot's result."
    )
    batch_request_id: UUID4 | None = Field(
        None, description="The batch request that added the enhancement. Null if it was loaded with its reference."
    )
    robot_id: UUID4 | None = Field(
        None, description="The robot of that batch request. Null if the enhancement was loaded with its reference."
    )


class Reference(WireModel):
    """A reference with its identifiers and enhancements, newest first. A robot gets only the types it depends on."""

    id: UUID4
    visibility: Visibility = Visibility.PUBLIC
    identifiers: list[ExternalIdentifier] | None = None
    enhancements: list[StoredEnhancement] | None = None


class ReferenceRead(Reference):
    """A reference with a page of its enhancements, newest first."""

    enhancements_continuation: str | None = Field(
        None, description="Requests the next enhancements, as `continuation`. Null if there are no more."
    )


# Each identifier and each enhancement costs a request to the store.
MAX_IDENTIFIERS = 100
MAX_ENHANCEMENTS = 1_000

# The name of `robot_version` in older references files.
_OLD_NAME = "processor_version"


def _of_type(name: str) -> dict[str, Any]:
    constraint = {"enhancement_type": {"const": name}}
    return {"properties": {**constraint, "content": {"properties": constraint}}}


class EnhancementFileInput(WireModel):
    """An enhancement in a references file. Its reference has no id yet."""

    # The rules of `_check_types_agree` and of the old name, as JSON Schema.
    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [_of_type(name) for name in EnhancementType],
            "if": {"not": {"required": ["robot_version"]}},
            "then": {"properties": {_OLD_NAME: {"type": ["string", "null"], "deprecated": True}}},
        }
    )

    source: str
    visibility: Visibility
    robot_version: str | None = Field(None, validation_alias=AliasChoices("robot_version", _OLD_NAME))
    enhancement_type: EnhancementType
    content: EnhancementContent

    @model_validator(mode="after")
    def _check_types_agree(self) -> Self:
        if self.content.enhancement_type != self.enhancement_type:
            inner = self.content.enhancement_type
            msg = f"enhancement_type is {self.enhancement_type} but content.enhancement_type is {inner}"
            raise ValueError(msg)
        return self


def _require_items(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"type": "array", "minItems": 1}}}


class ReferenceFileInput(WireModel):
    """A reference to load: the body of `POST /references/`, or a line of a references file.

    It needs at least one identifier or one enhancement, which `load_reference` checks.
    """

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [_require_items("identifiers"), _require_items("enhancements")]}
    )

    visibility: Visibility = Visibility.PUBLIC
    identifiers: list[ExternalIdentifier] | None = Field(None, max_length=MAX_IDENTIFIERS, fail_fast=True)
    enhancements: list[EnhancementFileInput] | None = Field(None, max_length=MAX_ENHANCEMENTS, fail_fast=True)


class OnExisting(StrEnum):
    """What to do if a reference with one of the identifiers is known already."""

    MERGE = "merge"
    """Add the identifiers and enhancements that it does not have."""
    SKIP = "skip"
    """Leave it unchanged."""
    FAIL = "fail"
    """Refuse the loaded one."""


class LoadQuery(WireModel):
    """How to load."""

    on_existing: OnExisting = Field(
        OnExisting.MERGE,
        description="What to do if a reference is known already: add what it does not have (`merge`), leave it "
        "unchanged (`skip`), or refuse the loaded one (`fail`).",
    )


class LoadedReference(WireModel):
    """The answer to loading one reference."""

    id: UUID4
    existing: bool = Field(default=False, description="Whether the reference was known already.")
    added_identifiers: int = Field(0, description="The number of identifiers that were added.")
    added_enhancements: int = Field(0, description="The number of enhancements that were added.")
    warnings: list[str] = Field(
        default_factory=list, description="Fields and values that were ignored, one sentence each."
    )


class LoadedLine(WireModel):
    """The answer to one line of a references file: what was done with its reference, or what is wrong with the line."""

    line: int = Field(description="The number of the line in the file, counted from 1.")
    id: UUID4 | None = Field(None, description="The id of the reference. Null if the line was refused.")
    error: str | None = Field(None, description="Why the line was refused.")
    existing: bool = Field(default=False, description="As in `LoadedReference`.")
    added_identifiers: int = Field(0, description="As in `LoadedReference`.")
    added_enhancements: int = Field(0, description="As in `LoadedReference`.")
    warnings: list[str] = Field(default_factory=list, description="As in `LoadedReference`.")


MAX_PAGE_ENHANCEMENTS = 1_000


class EnhancementsQuery(WireModel):
    """Which of the reference's enhancements to return."""

    enhancements_limit: int = Field(
        MAX_PAGE_ENHANCEMENTS,
        ge=1,
        le=MAX_PAGE_ENHANCEMENTS,
        description="The maximum number of enhancements. There are fewer if they are large.",
    )
    continuation: str | None = Field(
        None,
        pattern=r"^[0-9]{18}-[0-9a-f]{32}$",
        description="The `enhancements_continuation` of the previous answer.",
    )


class ReferenceQuery(EnhancementsQuery):
    """An identifier of the reference to find, and which of its enhancements to return."""

    identifier: str = Field(description="The identifier, for example a DOI without the address of a resolver.")
    identifier_type: IdentifierType
    other_identifier_name: str | None = Field(
        None, description="The name of the scheme. Required if `identifier_type` is `other`."
    )
