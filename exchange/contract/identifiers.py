"""External identifiers of references."""

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from exchange.contract.base import MAX_INTEGER, WireModel


class IdentifierType(StrEnum):
    """The kinds of identifiers that a robot can depend on."""

    DOI = "doi"
    PM_ID = "pm_id"
    OPEN_ALEX = "open_alex"
    OTHER = "other"


# The forms in which people paste a DOI: with the address of a resolver, or with the scheme.
_DOI_PREFIX = re.compile(r"(https?://(dx\.|www\.)?doi\.org/|doi:)", re.IGNORECASE)


def _remove_doi_prefix(value: object) -> object:
    """Remove the address of a DOI resolver, the scheme `doi:`, and surrounding white space."""
    if not isinstance(value, str):
        return value
    doi = value.strip()
    prefix = _DOI_PREFIX.match(doi)
    return doi if prefix is None else doi[prefix.end() :].strip()


class DOIIdentifier(WireModel):
    """A Digital Object Identifier, without the address of a resolver."""

    identifier: Annotated[str, BeforeValidator(_remove_doi_prefix)] = Field(
        pattern=r"^10\.[0-9]{4,9}/[-._;()/:a-zA-Z0-9%<>\[\]+&]+$"
    )
    identifier_type: Literal["doi"]


class PubMedIdentifier(WireModel):
    """A PubMed ID."""

    identifier: int = Field(gt=0, le=MAX_INTEGER)
    identifier_type: Literal["pm_id"]


class OpenAlexIdentifier(WireModel):
    """An OpenAlex work ID."""

    identifier: str = Field(pattern=r"^W[0-9]+$")
    identifier_type: Literal["open_alex"]


class OtherIdentifier(WireModel):
    """An identifier of another scheme, which `other_identifier_name` names."""

    identifier: str
    identifier_type: Literal["other"]
    other_identifier_name: str


ExternalIdentifier = Annotated[
    DOIIdentifier | PubMedIdentifier | OpenAlexIdentifier | OtherIdentifier, Field(discriminator="identifier_type")
]
