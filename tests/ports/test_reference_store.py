"""The behaviour of every `ReferenceStore`."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.references import Reference, ReferenceFileInput
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected
from exchange.domain.ids import new_id
from exchange.domain.selection import EVERYTHING, Selection
from exchange.ports import ReferenceStore

ABSTRACT = {"enhancement_type": "abstract", "process": "other", "abstract": "żółć 文 \U0001f9ea"}
TITLE = {"enhancement_type": "bibliographic", "title": "T", "publication_year": 2019, "created_date": "2020-02-29"}


def a_reference(*identifiers: dict[str, Any]) -> ReferenceFileInput:
    enhancements = [
        {"source": "s", "visibility": "public", "enhancement_type": content["enhancement_type"], "content": content}
        for content in (TITLE, ABSTRACT)
    ]
    known = list(identifiers) or [other(str(uuid4()))]
    return ReferenceFileInput.model_validate(
        {"visibility": "restricted", "identifiers": known, "enhancements": enhancements}
    )


def other(value: str, name: str = "n") -> dict[str, Any]:
    return {"identifier_type": "other", "identifier": value, "other_identifier_name": name}


async def read_one(references: ReferenceStore, reference_id: UUID, selection: Selection = EVERYTHING) -> Reference:
    (found,) = [item async for item in references.read_all([reference_id], selection)]
    return found


def entry(number: int, reference_id: UUID, **fields: Any) -> AcceptedEntry:
    enhancement = {
        "id": str(new_id()),
        "reference_id": str(reference_id),
        "source": "robot",
        "visibility": "hidden",
        "robot_version": "1.2",
        "derived_from": [str(new_id())],
        "content": {
            "enhancement_type": "annotation",
            "annotations": [
                {
                    "annotation_type": "score",
                    "scheme": "s",
                    "label": "l",
                    "score": 0.1 + 0.2,
                    "data": {"a": [1, None, True, {"b": "文"}], "n": 2**53},
                }
            ],
        },
        **fields,
    }
    return AcceptedEntry(number, enhancement, 500)


async def store(references: ReferenceStore, *entries: AcceptedEntry) -> list[Refusal]:
    return [refusal async for group in references.import_entries(entries) for refusal in group]


async def test_a_reference_is_read_back_as_it_was_loaded(references: ReferenceStore) -> None:
    doi = {"identifier_type": "doi", "identifier": f"10.1000/{uuid4().hex}"}
    loaded = await references.add(a_reference(doi, {"identifier_type": "pm_id", "identifier": uuid4().int % 10**9}))
    assert not loaded.existing
    found = await read_one(references, loaded.id)
    assert found.id == loaded.id
    assert found.visibility == "restricted"
    assert {item.identifier_type for item in found.identifiers or []} == {"doi", "pm_id"}
    contents = {item.content.enhancement_type: item for item in found.enhancements or []}
    assert set(contents) == {"bibliographic", "abstract"}
    assert all(item.reference_id == loaded.id and item.id is not None for item in contents.values())
    assert contents["abstract"].content.model_dump(mode="json") == ABSTRACT


@pytest.mark.parametrize(
    ("enhancements", "identifiers", "expected"),
    [
        ([], [], (set(), set())),
        (["abstract"], [], ({"abstract"}, set())),
        (["abstract", "bibliographic"], ["other"], ({"abstract", "bibliographic"}, {"other"})),
        (["location"], ["doi"], (set(), set())),
    ],
)
async def test_only_the_selected_types_are_read(
    references: ReferenceStore, enhancements: list[str], identifiers: list[str], expected: tuple[set[str], set[str]]
) -> None:
    loaded = await references.add(a_reference())
    found = await read_one(
        references,
        loaded.id,
        Selection(frozenset(map(EnhancementType, enhancements)), frozenset(map(IdentifierType, identifiers))),
    )
    types = {item.content.enhancement_type for item in found.enhancements or []}
    assert (types, {item.identifier_type for item in found.identifiers or []}) == expected


async def test_loading_a_known_reference_changes_nothing(references: ReferenceStore) -> None:
    key = str(uuid4())
    first = await references.add(a_reference(other(key)))
    again = await references.add(a_reference(other(key), other(str(uuid4()))))
    assert (again.id, again.existing) == (first.id, True)
    found = await read_one(references, first.id)
    assert len(found.enhancements or []) == 2
    assert len(found.identifiers or []) == 1


async def test_identifiers_of_different_references_are_refused(references: ReferenceStore) -> None:
    one_key, two_key = str(uuid4()), str(uuid4())
    await references.add(a_reference(other(one_key)))
    await references.add(a_reference(other(two_key)))
    with pytest.raises(InputRejected):
        await references.add(a_reference(other(one_key), other(two_key)))


async def test_identifiers_with_different_names_are_different(references: ReferenceStore) -> None:
    key = str(uuid4())
    first = await references.add(a_reference(other(key, "a")))
    second = await references.add(a_reference(other(key, "b")))
    assert first.id != second.id


async def test_dois_are_case_insensitive(references: ReferenceStore) -> None:
    suffix = uuid4().hex
    upper = await references.add(a_reference({"identifier_type": "doi", "identifier": f"10.1000/ABC{suffix}"}))
    lower = await references.add(a_reference({"identifier_type": "doi", "identifier": f"10.1000/abc{suffix}"}))
    assert (lower.id, lower.existing) == (upper.id, True)


async def test_ids_without_a_reference_are_missing(references: ReferenceStore) -> None:
    loaded = await references.add(a_reference())
    imported = entry(1, loaded.id)
    await store(references, imported)
    unknown = {uuid4() for _ in range(600)} | {UUID(imported.enhancement["id"])}
    assert await references.find_missing([loaded.id, *unknown]) == unknown
    assert await references.find_missing([]) == set()


async def test_an_unknown_reference_is_left_out(references: ReferenceStore) -> None:
    assert [item async for item in references.read_all([uuid4()], EVERYTHING)] == []


async def test_importing_an_enhancement_twice_stores_it_once(references: ReferenceStore) -> None:
    loaded = await references.add(a_reference())
    sent = entry(1, loaded.id)
    for _ in range(2):
        assert await store(references, sent) == []
    found = [item for item in (await read_one(references, loaded.id)).enhancements or [] if item.source == "robot"]
    assert [item.model_dump(mode="json", exclude_unset=True) for item in found] == [sent.enhancement]


async def test_many_entries_of_one_and_of_several_references_are_imported(references: ReferenceStore) -> None:
    loaded = [await references.add(a_reference()) for _ in range(12)]
    entries = [entry(number, loaded[number % 12 if number < 240 else 0].id) for number in range(480)]
    assert await store(references, *entries) == []
    counts = await asyncio.gather(*(read_one(references, item.id) for item in loaded))
    assert [len(found.enhancements or []) - 2 for found in counts] == [20 + 240] + [20] * 11


async def test_only_an_entry_that_is_too_large_is_refused(references: ReferenceStore) -> None:
    loaded = await references.add(a_reference())
    good = [entry(number, loaded.id) for number in (1, 2, 4, 5)]
    large = entry(3, loaded.id, source="x" * 2_100_000)
    refused = await store(references, *good[:2], AcceptedEntry(3, large.enhancement, 2_100_500), *good[2:])
    assert refused == [Refusal(3, "it is too large")]
    stored = {str(item.id) for item in (await read_one(references, loaded.id)).enhancements or []}
    assert {item.enhancement["id"] for item in good} < stored
    assert large.enhancement["id"] not in stored


async def test_concurrent_loads_with_a_shared_identifier_create_one_reference(
    references: ReferenceStore,
) -> None:
    for _ in range(10):
        shared, first, second = (other(str(uuid4())) for _ in range(3))
        loads = [a_reference(shared, first), a_reference(second, shared), a_reference(shared)]
        loaded = await asyncio.gather(*(references.add(reference) for reference in loads))
        assert len({item.id for item in loaded}) == 1
        assert [item.existing for item in loaded].count(False) == 1
        assert await references.find_missing([item.id for item in loaded]) == set()
        again = [await references.add(reference) for reference in loads]
        assert all(item.existing for item in again)


async def test_concurrent_loads_of_the_same_reference_store_it_once(references: ReferenceStore) -> None:
    key = other(str(uuid4()))
    loaded = await asyncio.gather(*(references.add(a_reference(key)) for _ in range(5)))
    assert len({item.id for item in loaded}) == 1
    assert [item.existing for item in loaded].count(False) == 1
    assert len((await read_one(references, loaded[0].id)).enhancements or []) == 2


async def test_a_refused_reference_does_not_claim_its_identifiers(references: ReferenceStore) -> None:
    key = other(str(uuid4()))
    accepted = a_reference(key)
    content = {"enhancement_type": "abstract", "process": "other", "abstract": "x" * 2_100_000}
    large = ReferenceFileInput.model_validate(
        {
            "identifiers": [key],
            "enhancements": [
                {"source": "s", "visibility": "public", "enhancement_type": "abstract", "content": content}
            ],
        }
    )
    with pytest.raises(InputRejected, match="too large"):
        await references.add(large)
    loaded = await references.add(accepted)
    assert not loaded.existing
    assert len((await read_one(references, loaded.id)).enhancements or []) == 2
