"""Looking up the ids of references by their identifiers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import UUID4, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from exchange.contract.base import WireModel
from exchange.contract.identifiers import ExternalIdentifier, IdentifierType

# Each identifier costs a request to the store. A longer list is refused before its identifiers are validated.
MAX_LOOKUP_IDENTIFIERS = 5_000


@dataclass(frozen=True, slots=True)
class GivenIdentifier:
    """An identifier, and its value as it was given: a DOI may have the address of a resolver."""

    value: str | int
    identifier: ExternalIdentifier

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Parse an `ExternalIdentifier`, and describe it as one."""
        return core_schema.no_info_wrap_validator_function(
            cls._parse,
            handler.generate_schema(ExternalIdentifier),
            serialization=core_schema.plain_serializer_function_ser_schema(cls._dump),
        )

    @classmethod
    def _parse(cls, fields: Any, parse: Callable[[Any], ExternalIdentifier]) -> "GivenIdentifier":
        identifier = parse(fields)
        return cls(fields["identifier"], identifier)

    def _dump(self) -> dict[str, Any]:
        return {**self.identifier.model_dump(), "identifier": self.value}


class ReferenceLookup(WireModel):
    """The identifiers whose references are wanted."""

    identifiers: list[GivenIdentifier] = Field(
        max_length=MAX_LOOKUP_IDENTIFIERS, description="The identifiers to look up, in any order and also repeatedly."
    )


class LookedUpReference(WireModel):
    """An identifier as it was given, and the reference that has it."""

    identifier: str | int
    identifier_type: IdentifierType
    other_identifier_name: str | None = None
    id: UUID4 | None = Field(description="The id of the reference. Null if no reference has this identifier.")


class LookedUpReferences(WireModel):
    """One item for each identifier of the request, in its order."""

    references: list[LookedUpReference]
