"""Loading and deleting references, on the fakes and on the real stores."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.references import LoadedReference, OnExisting, Reference, ReferenceFileInput
from exchange.domain.errors import Conflict, InputRejected, NotFound
from exchange.domain.identifier_keys import make_key
from exchange.domain.ids import new_id
from exchange.ports import IdentifierClaims, ReferenceStore, Services
from exchange.use_cases import load_reference as use_case
from exchange.use_cases.delete_reference import delete_reference
from exchange.use_cases.load_reference import load_reference
from tests.fakes.world import World
from tests.ports.test_reference_store import entry, other, store
from tests.references import read_one


@pytest.fixture
def services(references: ReferenceStore, claims: IdentifierClaims) -> Services:
    return replace(World().services, references=references, claims=claims)


def an_abstract(text: str = "text", **fields: Any) -> dict[str, Any]:
    content = {"enhancement_type": "abstract", "process": "other", "abstract": text}
    return {"source": "s", "visibility": "public", "enhancement_type": "abstract", "content": content, **fields}


def a_score(score: float) -> dict[str, Any]:
    annotation = {"annotation_type": "score", "scheme": "s", "label": "l", "score": score, "data": {"n": [score]}}
    content = {"enhancement_type": "annotation", "annotations": [annotation]}
    return an_abstract(enhancement_type="annotation", content=content)


def a_reference(*identifiers: dict[str, Any], enhancements: Any = None, **fields: Any) -> ReferenceFileInput:
    loaded = {"identifiers": list(identifiers), "enhancements": enhancements, **fields}
    return ReferenceFileInput.model_validate(loaded)


async def read_abstracts(reference_id: UUID, services: Services) -> list[str]:
    reference = await read_one(services.references, reference_id)
    return sorted(item.content.model_dump()["abstract"] for item in reference.enhancements or [])


def added(loaded: LoadedReference) -> tuple[bool, int, int]:
    return loaded.existing, loaded.added_identifiers, loaded.added_enhancements


def values(reference: Reference) -> list[object]:
    return [item.identifier for item in reference.identifiers or []]


async def test_what_is_new_is_merged_into_a_known_reference(services: Services) -> None:
    first, second, third = (other(str(uuid4())) for _ in range(3))
    loaded = await load_reference(a_reference(first, second, enhancements=[an_abstract("one")]), services)
    merged = await load_reference(
        a_reference(second, third, enhancements=[an_abstract("one"), an_abstract("two")]), services
    )
    assert merged.id == loaded.id
    assert [added(loaded), added(merged)] == [(False, 2, 1), (True, 1, 1)]
    assert values(await read_one(services.references, loaded.id)) == [
        item["identifier"] for item in (first, second, third)
    ]
    assert await read_abstracts(loaded.id, services) == ["one", "two"]
    # The added identifier finds the reference.
    again = await load_reference(a_reference(third), services)
    assert (again.id, added(again)) == (loaded.id, (True, 0, 0))


async def test_loading_twice_adds_nothing_twice_and_changes_no_time(services: Services) -> None:
    reference = a_reference(
        other(str(uuid4())),
        enhancements=[an_abstract(), an_abstract(source="t"), an_abstract(visibility="hidden"), a_score(1.0)],
    )
    first = await load_reference(reference, services)
    before = await read_one(services.references, first.id)
    later = replace(services, clock=lambda: services.clock() + 60)
    second = await load_reference(reference, later)
    assert (second.id, added(first), added(second)) == (first.id, (False, 1, 4), (True, 0, 0))
    assert await read_one(services.references, first.id) == before


async def test_a_null_in_free_data_makes_a_difference(services: Services) -> None:
    def make_score(data: dict[str, Any]) -> dict[str, Any]:
        annotation = {"annotation_type": "score", "scheme": "s", "label": "l", "score": 1, "data": data}
        content = {"enhancement_type": "annotation", "annotations": [annotation]}
        return an_abstract(enhancement_type="annotation", content=content)

    key = other(str(uuid4()))
    await load_reference(a_reference(key, enhancements=[make_score({})]), services)
    again = await load_reference(a_reference(key, enhancements=[make_score({}), make_score({"x": None})]), services)
    assert added(again) == (True, 0, 1)


async def test_whole_numbers_are_the_same_in_every_notation(services: Services) -> None:
    key = other(str(uuid4()))
    await load_reference(a_reference(key, enhancements=[a_score(1.0), a_score(0.5)]), services)
    again = await load_reference(a_reference(key, enhancements=[a_score(1), a_score(0.5), a_score(2)]), services)
    assert added(again) == (True, 0, 1)


async def test_an_enhancement_that_a_robot_added_is_not_added_again(services: Services) -> None:
    key = other(str(uuid4()))
    loaded = await load_reference(a_reference(key), services)
    by_robot = {name: value for name, value in an_abstract("a").items() if name != "enhancement_type"}
    await store(services.references, entry(1, loaded.id, **by_robot))
    assert added(await load_reference(a_reference(key, enhancements=[an_abstract("a")]), services)) == (True, 0, 0)


async def test_a_repeated_enhancement_or_identifier_of_one_line_is_loaded_once(services: Services) -> None:
    key = other(str(uuid4()))
    loaded = await load_reference(a_reference(key, key, enhancements=[an_abstract(), an_abstract()]), services)
    assert added(loaded) == (False, 1, 1)
    assert len(values(await read_one(services.references, loaded.id))) == 1


async def test_skip_leaves_a_known_reference_unchanged(services: Services) -> None:
    key, new = other(str(uuid4())), other(str(uuid4()))
    first = await load_reference(a_reference(key), services, OnExisting.SKIP)
    again = await load_reference(a_reference(key, new, enhancements=[an_abstract()]), services, OnExisting.SKIP)
    assert (again.id, added(first), added(again)) == (first.id, (False, 1, 0), (True, 0, 0))
    assert await read_abstracts(first.id, services) == []
    assert (await load_reference(a_reference(new), services)).id != first.id


async def test_fail_refuses_a_known_reference_and_names_it(services: Services) -> None:
    key, new = other(str(uuid4())), other(str(uuid4()))
    first = await load_reference(a_reference(key), services, OnExisting.FAIL)
    with pytest.raises(Conflict, match=str(first.id)):
        await load_reference(a_reference(key, new), services, OnExisting.FAIL)
    assert not (await load_reference(a_reference(new), services)).existing


async def test_another_visibility_is_not_taken_over_and_gets_a_warning(services: Services) -> None:
    key = other(str(uuid4()))
    loaded = await load_reference(a_reference(key, visibility="restricted"), services)
    again = await load_reference(a_reference(key, visibility="public"), services)
    assert again.warnings == ["The visibility of the known reference does not change."]
    assert (await read_one(services.references, loaded.id)).visibility == "restricted"
    assert (await load_reference(a_reference(key), services)).warnings == []


async def test_identifiers_of_different_references_are_refused_and_named(services: Services) -> None:
    keys = [other(str(uuid4()), "shelf") for _ in range(3)]
    loaded = [await load_reference(a_reference(key), services) for key in keys[:2]]
    with pytest.raises(InputRejected) as raised:
        await load_reference(a_reference(*keys), services)
    for key, reference in zip(keys, loaded, strict=False):
        assert f"shelf '{key['identifier']}' belongs to {reference.id}" in str(raised.value)
    # What was refused leaves nothing behind.
    assert added(await load_reference(a_reference(keys[2]), services)) == (False, 1, 0)


async def test_identifiers_with_different_names_are_different(services: Services) -> None:
    key = str(uuid4())
    first = await load_reference(a_reference(other(key, "a")), services)
    second = await load_reference(a_reference(other(key, "b")), services)
    assert first.id != second.id


async def test_dois_are_case_insensitive(services: Services) -> None:
    suffix = uuid4().hex
    dois = [{"identifier_type": "doi", "identifier": f"10.1000/{text}{suffix}"} for text in ("ABC", "abc")]
    upper, lower = [await load_reference(a_reference(doi), services) for doi in dois]
    assert (lower.id, added(lower)) == (upper.id, (True, 0, 0))


async def test_a_reference_without_an_identifier_is_new_each_time(services: Services) -> None:
    reference = a_reference(enhancements=[an_abstract()])
    first, second = [await load_reference(reference, services) for _ in range(2)]
    assert first.id != second.id
    assert not second.existing


async def test_concurrent_loads_with_a_shared_identifier_create_one_reference(services: Services) -> None:
    for _ in range(10):
        shared, first, second = (other(str(uuid4())) for _ in range(3))
        loads = [a_reference(shared, first), a_reference(second, shared), a_reference(shared)]
        loaded = await asyncio.gather(*(load_reference(reference, services) for reference in loads))
        assert len({item.id for item in loaded}) == 1
        assert [item.existing for item in loaded].count(False) == 1
        assert len(values(await read_one(services.references, loaded[0].id))) == 3
        again = [await load_reference(reference, services) for reference in loads]
        assert [added(item) for item in again] == [(True, 0, 0)] * 3


async def test_concurrent_loads_of_the_same_reference_store_it_once(services: Services) -> None:
    key = other(str(uuid4()))
    loads = (load_reference(a_reference(key, enhancements=[an_abstract()]), services) for _ in range(5))
    loaded = await asyncio.gather(*loads)
    assert len({item.id for item in loaded}) == 1
    assert sum(item.added_enhancements for item in loaded) == 1
    assert await read_abstracts(loaded[0].id, services) == ["text"]


async def test_concurrent_merges_add_everything_once(services: Services) -> None:
    key = other(str(uuid4()))
    loads = [a_reference(key, other(str(uuid4())), enhancements=[an_abstract(str(number))]) for number in range(6)]
    first = await load_reference(a_reference(key), services)
    await asyncio.gather(*(load_reference(reference, services) for reference in loads))
    assert len(values(await read_one(services.references, first.id))) == 7
    assert await read_abstracts(first.id, services) == [str(number) for number in range(6)]


async def test_a_refused_reference_leaves_its_identifiers_free(services: Services) -> None:
    key = other(str(uuid4()))
    with pytest.raises(InputRejected, match="too large"):
        await load_reference(a_reference(key, enhancements=[an_abstract("x" * 2_100_000)]), services)
    loaded = await load_reference(a_reference(key, enhancements=[an_abstract()]), services)
    assert added(loaded) == (False, 1, 1)


async def test_a_merge_that_only_the_store_refuses_keeps_its_claims(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another load may rely on them already."""
    key, new = other(str(uuid4())), other(str(uuid4()))
    loaded = await load_reference(a_reference(key), services)
    # As if only the store could tell that the enhancement is too large.
    monkeypatch.setattr(use_case, "find_load_fault", lambda _loaded: None)
    with pytest.raises(InputRejected, match="too large"):
        await load_reference(a_reference(key, new, enhancements=[an_abstract("x" * 2_100_000)]), services)
    assert (await load_reference(a_reference(new), services)).id == loaded.id


async def test_the_claims_of_an_interrupted_load_are_taken_over(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_case, "_CHECK_DELAY_S", 0.01)
    key, interrupted = other(str(uuid4())), new_id()
    reference = a_reference(key)
    (identifier,) = reference.identifiers or []
    await services.claims.claim(make_key(identifier), interrupted, None)
    loaded = await load_reference(reference, services)
    assert added(loaded) == (False, 1, 0)
    assert loaded.id != interrupted
    with pytest.raises(Conflict):
        await services.references.create(Reference(id=interrupted))


async def test_a_deleted_reference_can_be_loaded_as_new(services: Services) -> None:
    keys = [other(str(uuid4())) for _ in range(2)]
    reference = a_reference(*keys, enhancements=[an_abstract()])
    first = await load_reference(reference, services)
    await delete_reference(first.id, services)
    with pytest.raises(NotFound):
        await delete_reference(first.id, services)
    again = await load_reference(reference, services)
    assert again.id != first.id
    assert added(again) == (False, 2, 1)


async def test_deleting_an_unknown_reference_raises_not_found(services: Services) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        await delete_reference(new_id(), services)
