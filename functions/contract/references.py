"""References, as robots get them and as they are loaded."""

from typing import Any, Self

from pydantic import UUID4, AliasChoices, ConfigDict, Field, model_validator

from functions.contract.base import WireModel
from functions.contract.enhancements import Enhancement, EnhancementContent, EnhancementType, Visibility
from functions.contract.identifiers import ExternalIdentifier, IdentifierType


class Reference(WireModel):
    """A reference with what is known of it; a robot gets only the types that it depends on."""

    id: UUID4
    visibility: Visibility = Visibility.PUBLIC
    identifiers: list[ExternalIdentifier] | None = None
    enhancements: list[Enhancement] | None = None


# Files that were prepared early call an enhancement's `robot_version` by this, its old name.
_OLD_NAME = "processor_version"


def _of_type(name: str) -> dict[str, Any]:
    said = {"enhancement_type": {"const": name}}
    return {"properties": {**said, "content": {"properties": said}}}


class EnhancementFileInput(WireModel):
    """An enhancement in a references file: its reference has no id yet."""

    # What `_types_agree` and the old name's place check, in the words of JSON Schema.
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
    def _types_agree(self) -> Self:
        if self.content.enhancement_type != self.enhancement_type:
            msg = f"enhancement_type is {self.enhancement_type}, but its content's is {self.content.enhancement_type}"
            raise ValueError(msg)
        return self


class ReferenceFileInput(WireModel):
    """A reference to load: the body of `POST /references/`, or a line of a references file."""

    visibility: Visibility = Visibility.PUBLIC
    identifiers: list[ExternalIdentifier] | None = Field(None, fail_fast=True)
    enhancements: list[EnhancementFileInput] | None = Field(None, fail_fast=True)


class LoadedReference(WireModel):
    """A reference that was asked to be loaded; one that was there already was left as it is, and is `existing`."""

    id: UUID4
    existing: bool


class LoadedLine(WireModel):
    """What became of one line of a references file: the reference's id, or what is wrong with the line."""

    id: UUID4 | None = None
    error: str | None = None
    existing: bool = False


class ReferenceQuery(WireModel):
    """An identifier of the reference that is looked for."""

    identifier: str
    identifier_type: IdentifierType
    other_identifier_name: str | None = None
