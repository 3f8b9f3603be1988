"""Identifiers by which the outside world knows a reference."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from functions.contract.base import WireModel


class IdentifierType(StrEnum):
    """The kinds of identifiers that a robot can depend on."""

    DOI = "doi"
    PM_ID = "pm_id"
    OPEN_ALEX = "open_alex"
    OTHER = "other"


def _without_resolver(value: object) -> object:
    """Drop the DOI resolver's address and outer blanks, as people paste both."""
    if not isinstance(value, str):
        return value
    return value.strip().removeprefix("http://doi.org/").removeprefix("https://doi.org/").strip()


class DOIIdentifier(WireModel):
    """A Digital Object Identifier, without the resolver's address."""

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
    """An identifier of a scheme that is named beside it."""

    identifier: str
    identifier_type: Literal["other"]
    other_identifier_name: str


ExternalIdentifier = Annotated[
    DOIIdentifier | PubMedIdentifier | OpenAlexIdentifier | OtherIdentifier, Field(discriminator="identifier_type")
]
