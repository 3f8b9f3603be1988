"""External identifiers of references."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from exchange.contract.base import WireModel


class IdentifierType(StrEnum):
    """The kinds of identifiers that a robot can depend on."""

    DOI = "doi"
    PM_ID = "pm_id"
    OPEN_ALEX = "open_alex"
    OTHER = "other"


def _without_resolver(value: object) -> object:
    """Remove the address of the DOI resolver and surrounding white space. People paste both."""
    if not isinstance(value, str):
        return value
    return value.strip().removeprefix("http://doi.org/").removeprefix("https://doi.org/").strip()


class DOIIdentifier(WireModel):
    """A Digital Object Identifier, without the address of a resolver."""

    identifier: Annotated[str, BeforeValidator(_without_resolver)] = Field(
        pattern=r"^10\.\d{4,9}/[-._;()/:a-zA-Z0-9%<>\[\]+&]+$"
    )
    identifier_type: Literal["doi"]


class PubMedIdentifier(WireModel):
    """A PubMed ID."""

    identifier: int
    identifier_type: Literal["pm_id"]


class OpenAlexIdentifier(WireModel):
    """An OpenAlex work ID."""

    identifier: str = Field(pattern=r"^W\d+$")
    identifier_type: Literal["open_alex"]


class OtherIdentifier(WireModel):
    """An identifier of another scheme, which `other_identifier_name` names."""

    identifier: str
    identifier_type: Literal["other"]
    other_identifier_name: str


ExternalIdentifier = Annotated[
    DOIIdentifier | PubMedIdentifier | OpenAlexIdentifier | OtherIdentifier, Field(discriminator="identifier_type")
]
