"""The references that the check sends: ordinary ones, and ones that break programs."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import uuid4

from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType

Json = dict[str, Any]

ALL_NEEDS = (*map(str, EnhancementType), *map(str, IdentifierType))

_TITLES = (
    "Text message reminders and vaccination in Kenya: a randomised controlled trial",
    "Alcohol consumption and sleep: a cohort study of nurses",
    "Barriers to cancer screening: a systematic review and meta-analysis",
    "Handwashing in primary schools: a cross-sectional survey",
    "Community health workers in Brazil: a qualitative interview study",
)
_ABSTRACT = (
    "Background: the effect is not known. Methods: we enrolled {} participants in two groups and followed them for a "
    "year. Results: the outcome was better in the first group. Conclusions: further studies are needed."
)


class ReferenceMaker:
    """Makes references with the types of enhancements and identifiers that the robot depends on, and no others."""

    def __init__(self, needs: Collection[str] = ALL_NEEDS) -> None:
        self._needs = frozenset(needs)

    def make(self, title: str | None = None, abstract: str | None = None, **fields: Any) -> Json:
        """Return a reference. Without a title and an abstract it has no enhancements. `fields` replace others."""
        reference_id = str(uuid4())
        contents: list[Json] = []
        if title is not None:
            contents.append({"enhancement_type": "bibliographic", "title": title, "publication_year": 2019})
        if abstract is not None:
            contents.append({"enhancement_type": "abstract", "process": "other", "abstract": abstract})
        if contents:
            label = {"annotation_type": "boolean", "scheme": "example", "label": "an example", "value": True}
            page = {"landing_page_url": "https://example.org"}
            contents.append({"enhancement_type": "annotation", "annotations": [label]})
            contents.append({"enhancement_type": "location", "locations": [page]})
        return {
            "id": reference_id,
            "visibility": "public",
            "identifiers": list(self._list_identifiers()),
            "enhancements": [
                _make_enhancement(reference_id, content)
                for content in contents
                if content["enhancement_type"] in self._needs
            ],
            **fields,
        }

    def make_many(self, count: int) -> list[Json]:
        """Return ordinary references."""
        return [
            self.make(f"{_TITLES[number % len(_TITLES)]} ({number})", _ABSTRACT.format(100 + number))
            for number in range(count)
        ]

    def make_ordinary(self) -> Json:
        """Return one ordinary reference."""
        return self.make_many(1)[0]

    def _list_identifiers(self) -> Iterator[Json]:
        number = uuid4().int % 10**8
        identifiers: tuple[Json, ...] = (
            {"identifier_type": "doi", "identifier": f"10.1000/{number}"},
            {"identifier_type": "pm_id", "identifier": number + 1},
            {"identifier_type": "open_alex", "identifier": f"W{number}"},
            {"identifier_type": "other", "identifier": str(number), "other_identifier_name": "example"},
        )
        return (identifier for identifier in identifiers if identifier["identifier_type"] in self._needs)


def _make_enhancement(reference_id: str, content: Json) -> Json:
    return {
        "id": str(uuid4()),
        "reference_id": reference_id,
        "source": "the conformance check",
        "visibility": "public",
        "robot_version": None,
        "derived_from": None,
        "created_at": "2026-11-27T07:40:08Z",
        "batch_request_id": None,
        "robot_id": None,
        "content": content,
    }
