"""A reference as an author's function gets it."""

from collections.abc import Sequence
from typing import Any

from msgspec.json import Decoder

from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType

Json = dict[str, Any]

_decode = Decoder(Json).decode


class Reference:
    """A reference. It has only what the robot depends on. `raw` is the whole JSON object."""

    __slots__ = ("raw",)

    def __init__(self, raw: Json) -> None:
        self.raw = raw

    @property
    def id(self) -> str:
        """The id that the exchange gave it."""
        reference_id: str = self.raw["id"]
        return reference_id

    @property
    def title(self) -> str | None:
        """The newest title. None if there is none that is not empty."""
        title: str | None = self._find("title")
        return title

    @property
    def abstract(self) -> str | None:
        """The newest abstract. None if there is none that is not empty."""
        abstract: str | None = self._find("abstract")
        return abstract

    @property
    def year(self) -> int | None:
        """The newest year of publication. None if it is unknown."""
        year: int | None = self._find("publication_year")
        return year

    @property
    def identifiers(self) -> list[Json]:
        """The identifiers, for example `{"identifier_type": "doi", "identifier": "10.1000/1"}`."""
        return self.raw.get("identifiers") or []

    @property
    def enhancements(self) -> list[Json]:
        """The enhancements, newest first. Each has a `source` and a `content`."""
        return self.raw.get("enhancements") or []

    def _find(self, name: str) -> Any:
        for enhancement in self.enhancements:
            if value := enhancement["content"].get(name):
                return value
        return None


class Needs:
    """The types of enhancements and identifiers that a robot depends on, as in its registration."""

    def __init__(self, names: Sequence[str]) -> None:
        known = [str(each) for each in (*EnhancementType, *IdentifierType)]
        if isinstance(names, str) or (unknown := [name for name in names if name not in known]):
            wrong = names if isinstance(names, str) else ", ".join(unknown)
            raise ValueError(f"needs must be a list of {', '.join(known)}, but has: {wrong}")
        self._names = frozenset(names)

    def list_used(self, reference: Reference) -> list[str]:
        """Return the ids of the enhancements of these types."""
        return [
            enhancement["id"]
            for enhancement in reference.enhancements
            if enhancement["content"]["enhancement_type"] in self._names and enhancement.get("id")
        ]

    def select(self, raw: Json) -> Json:
        """Return the reference as the exchange sends it to this robot: without other types."""
        enhancements, identifiers = raw.get("enhancements") or [], raw.get("identifiers") or []
        return {
            **raw,
            "enhancements": [each for each in enhancements if each["content"]["enhancement_type"] in self._names],
            "identifiers": [each for each in identifiers if each["identifier_type"] in self._names],
        }


def parse_reference(line: bytes) -> Reference:
    """Parse a line of the snapshot. Raises ValueError if it is not a JSON object."""
    return Reference(_decode(line))
