"""The behaviour of every `ReferenceStore`."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from exchange.contract.base import to_time
from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import ExternalIdentifier, IdentifierType
from exchange.contract.references import ReferenceFileInput
from exchange.domain.chunks import AcceptedEntry, Refusal
from exchange.domain.errors import InputRejected, NameTaken, NotFound
from exchange.domain.ids import new_id
from exchange.domain.loading import make_reference
from exchange.domain.selection import Selection
from exchange.ports import ReferenceStore
from tests.references import read_all, read_one

ABSTRACT = {"enhancement_type": "abstract", "process": "other", "abstract": "żółć 文 \U0001f9ea"}
LOADED_AT = 1_800_000_000.5
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


async def create(references: ReferenceStore, *identifiers: dict[str, Any]) -> UUID:
    reference = make_reference(new_id(), a_reference(*identifiers), LOADED_AT)
    await references.create(reference)
    return reference.id


def entry(number: int, reference_id: UUID, **fields: Any) -> AcceptedEntry:
    enhancement = {
        "id": str(new_id()),
        "reference_id": str(reference_id),
        "source": "robot",
        "visibility": "hidden",
        "robot_version": "1.2",
        "derived_from": [str(new_id())],
        "created_at": "2027-01-15T08:00:00Z",
        "batch_request_id": str(new_id()),
        "robot_id": str(new_id()),
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


async def test_a_reference_is_read_back_as_it_was_created(references: ReferenceStore) -> None:
    doi = {"identifier_type": "doi", "identifier": f"10.1000/{uuid4().hex}"}
    reference_id = await create(references, doi, {"identifier_type": "pm_id", "identifier": uuid4().int % 10**9 + 1})
    found = await read_one(references, reference_id)
    assert found.id == reference_id
    assert found.visibility == "restricted"
    assert {item.identifier_type for item in found.identifiers or []} == {"doi", "pm_id"}
    contents = {item.content.enhancement_type: item for item in found.enhancements or []}
    assert set(contents) == {"bibliographic", "abstract"}
    assert all(item.reference_id == reference_id and item.id is not None for item in contents.values())
    assert all((item.created_at, item.batch_request_id) == (to_time(LOADED_AT), None) for item in contents.values())
    assert contents["abstract"].content.model_dump(mode="json") == ABSTRACT


async def test_creating_a_reference_twice_changes_nothing(references: ReferenceStore) -> None:
    reference = make_reference(new_id(), a_reference(), LOADED_AT)
    await references.create(reference)
    before = await read_one(references, reference.id)
    await references.create(reference)
    assert await read_one(references, reference.id) == before


async def test_a_forbidden_reference_cannot_be_created(references: ReferenceStore) -> None:
    reference_id = new_id()
    for _ in range(2):
        await references.forbid(reference_id)
    with pytest.raises(NameTaken):
        await references.create(make_reference(reference_id, a_reference(), LOADED_AT))
    assert await references.find_missing([reference_id]) == {reference_id}
    assert await read_all(references, [reference_id]) == []


async def test_an_existing_reference_cannot_be_forbidden(references: ReferenceStore) -> None:
    reference_id = await create(references)
    with pytest.raises(NameTaken):
        await references.forbid(reference_id)


async def test_added_identifiers_follow_the_known_ones(references: ReferenceStore) -> None:
    reference_id = await create(references, other("first"))
    added = TypeAdapter(ExternalIdentifier).validate_python(other("second"))
    assert await references.add_identifiers(reference_id, [added]) == 1
    assert await references.add_identifiers(reference_id, [added]) == 0
    found = await read_one(references, reference_id)
    assert [item.identifier for item in found.identifiers or []] == ["first", "second"]
    assert len(found.enhancements or []) == 2
    with pytest.raises(NotFound):
        await references.add_identifiers(new_id(), [added])


async def test_an_enhancement_with_a_known_id_is_not_added_again(references: ReferenceStore) -> None:
    reference_id = await create(references)
    later = make_reference(reference_id, a_reference(), LOADED_AT + 60)
    assert await references.add_enhancements(later.enhancements or []) == 0
    changed = [item.model_copy(update={"id": new_id()}) for item in later.enhancements or []]
    assert await references.add_enhancements(changed) == 2
    found = (await read_one(references, reference_id)).enhancements or []
    assert [item.created_at for item in found] == [to_time(LOADED_AT + 60)] * 2 + [to_time(LOADED_AT)] * 2


async def test_an_enhancement_that_is_too_large_is_refused(references: ReferenceStore) -> None:
    reference_id = await create(references)
    loaded = make_reference(reference_id, a_reference(), LOADED_AT).enhancements or []
    with pytest.raises(InputRejected, match="too large"):
        await references.add_enhancements([loaded[0].model_copy(update={"id": new_id(), "source": "x" * 2_100_000})])


async def test_enhancements_are_newest_first(references: ReferenceStore) -> None:
    reference_id = await create(references)
    await store(
        references,
        *(entry(number, reference_id, created_at=f"2040-01-0{number}T00:00:00Z") for number in (2, 3, 1)),
    )
    times = [str(item.created_at)[:10] for item in (await read_one(references, reference_id)).enhancements or []]
    assert times == ["2040-01-03", "2040-01-02", "2040-01-01", "2027-01-15", "2027-01-15"]


async def test_a_deleted_reference_is_missing(references: ReferenceStore) -> None:
    deleted, kept = await create(references), await create(references)
    await store(references, *(entry(number, deleted) for number in range(1, 120)))
    await references.delete(deleted)
    assert await references.find_missing([deleted, kept]) == {deleted}
    assert [item.id for item in await read_all(references, [deleted, kept])] == [kept]
    assert len((await read_one(references, kept)).enhancements or []) == 2
    with pytest.raises(NotFound):
        await references.delete(deleted)


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
    reference_id = await create(references)
    found = await read_one(
        references,
        reference_id,
        Selection(frozenset(map(EnhancementType, enhancements)), frozenset(map(IdentifierType, identifiers))),
    )
    types = {item.content.enhancement_type for item in found.enhancements or []}
    assert (types, {item.identifier_type for item in found.identifiers or []}) == expected


async def test_ids_without_a_reference_are_missing(references: ReferenceStore) -> None:
    reference_id = await create(references)
    imported = entry(1, reference_id)
    await store(references, imported)
    unknown = {uuid4() for _ in range(600)} | {UUID(imported.enhancement["id"])}
    assert await references.find_missing([reference_id, *unknown]) == unknown
    assert await references.find_missing([]) == set()


async def test_an_unknown_reference_is_left_out(references: ReferenceStore) -> None:
    assert await read_all(references, [uuid4()]) == []


async def test_importing_an_enhancement_twice_stores_it_once(references: ReferenceStore) -> None:
    reference_id = await create(references)
    sent = entry(1, reference_id)
    for _ in range(2):
        assert await store(references, sent) == []
    found = [item for item in (await read_one(references, reference_id)).enhancements or [] if item.source == "robot"]
    assert [item.model_dump(mode="json", exclude_unset=True) for item in found] == [sent.enhancement]


async def test_many_entries_of_one_and_of_several_references_are_imported(references: ReferenceStore) -> None:
    loaded = [await create(references) for _ in range(12)]
    entries = [entry(number, loaded[number % 12 if number < 240 else 0]) for number in range(480)]
    assert await store(references, *entries) == []
    counts = await asyncio.gather(*(read_one(references, item) for item in loaded))
    assert [len(found.enhancements or []) - 2 for found in counts] == [20 + 240] + [20] * 11


async def test_only_an_entry_that_is_too_large_is_refused(references: ReferenceStore) -> None:
    reference_id = await create(references)
    good = [entry(number, reference_id) for number in (1, 2, 4, 5)]
    large = entry(3, reference_id, source="x" * 2_100_000)
    refused = await store(references, *good[:2], AcceptedEntry(3, large.enhancement, 2_100_500), *good[2:])
    assert refused == [Refusal(3, "it is too large")]
    stored = {str(item.id) for item in (await read_one(references, reference_id)).enhancements or []}
    assert {item.enhancement["id"] for item in good} < stored
    assert large.enhancement["id"] not in stored


async def test_the_references_that_a_robot_has_enhanced_are_found(references: ReferenceStore) -> None:
    first, second, third, fourth = [await create(references) for _ in range(4)]
    robot, version_1, version_2 = new_id(), {"robot_version": "1"}, {"robot_version": "2"}
    mine: dict[str, Any] = {"robot_id": str(robot)}
    await store(
        references,
        entry(1, first, **mine, **version_1),
        entry(2, first, **mine, **version_2),
        entry(3, second, **mine, **version_2),
        entry(4, second, **mine, **version_2),
        entry(5, third, **mine, robot_version=None),
        entry(6, fourth, **version_2),
    )
    every = [first, second, third, fourth, new_id()]
    assert await references.find_enhanced(every, robot, None) == {first, second, third}
    assert await references.find_enhanced(every, robot, "2") == {first, second}
    assert await references.find_enhanced(every, robot, "1") == {first}
    assert await references.find_enhanced(every, robot, "3") == set()
    assert await references.find_enhanced([second, third], robot, "2") == {second}
    assert await references.find_enhanced([], robot, None) == set()
    assert await references.find_enhanced(every, new_id(), None) == set()
