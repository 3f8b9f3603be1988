"""The references that are compared: how those of both sides are matched, and their titles."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from pydantic import UUID4

from exchange.contract.base import WireModel
from exchange.contract.enhancements import Bibliographic, EnhancementContent
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.json_input import BYTE_ORDER_MARK, describe_json_faults, parse_json
from exchange.domain.errors import InputRejected
from exchange.domain.identifier_keys import describe_identifier, make_key

Line = TypeVar("Line", bound=WireModel)


class LabelledEnhancement(WireModel):
    """What the comparison needs of an enhancement of a reference."""

    source: str
    content: EnhancementContent


class LabelledReference(WireModel):
    """What the comparison needs of a reference. It reads a `Reference` and a `ReferenceFileInput`, which has no id."""

    id: UUID4 | None = None
    identifiers: list[ExternalIdentifier] | None = None
    enhancements: list[LabelledEnhancement] | None = None


def parse_lines(model: type[Line], lines: Iterable[bytes]) -> Iterator[Line]:
    """Yield the object of each line of a JSONL file. Blank lines are skipped.

    Raises InputRejected, which names the line and its faults.
    """
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if not content.strip():
            continue
        try:
            yield parse_json(model.model_validate_json, content)
        except ValueError as error:
            faults = describe_json_faults(error, content)
            raise InputRejected(f"Line {number} is not valid: {'; '.join(faults)}.") from error


class Catalogue:
    """The key of each reference, which is the same on both sides.

    The key is the id of the reference. A reference without an id gets the key of the known reference with which it
    shares an identifier. If there is none, its first identifier is the key. So human labels from a file without ids
    match the references of a batch if the references of the batch were added first.
    """

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._by_identifier: dict[str, str] = {}
        self._ids: set[str] = set()

    def add(self, reference: LabelledReference) -> str | None:
        """Remember the reference and return its key. None if it has neither an id nor an identifier.

        Raises InputRejected if a reference with an id comes after one without an id that has the same identifier.
        """
        identifiers = reference.identifiers or []
        known = next((key for name in map(make_key, identifiers) if (key := self._by_identifier.get(name))), None)
        if reference.id is not None:
            if known is not None and known not in self._ids:
                raise InputRejected(
                    f"Reference {reference.id} has the same identifier as a reference without an id that was read "
                    "before it. Read the references with ids first."
                )
            key = str(reference.id)
            self._ids.add(key)
        elif known is not None:
            key = known
        elif identifiers:
            key = describe_identifier(identifiers[0])
        else:
            return None
        for identifier in identifiers:
            self._by_identifier.setdefault(make_key(identifier), key)
        title = _find_title(reference)
        if title:
            self._titles.setdefault(key, title)
        return key

    def add_references(self, lines: Iterable[bytes]) -> None:
        """Remember the references of a JSONL file, for example those that a batch was requested for."""
        for reference in parse_lines(LabelledReference, lines):
            self.add(reference)

    def find_title(self, key: str) -> str | None:
        """Return the title of a reference, if it is known."""
        return self._titles.get(key)


def _find_title(reference: LabelledReference) -> str | None:
    contents = (enhancement.content for enhancement in reference.enhancements or [])
    return next((content.title for content in contents if isinstance(content, Bibliographic) and content.title), None)
