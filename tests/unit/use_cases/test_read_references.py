from typing import Any
from uuid import UUID, uuid4

import pytest

from exchange.contract.references import ReferenceFileInput, ReferenceQuery
from exchange.domain.callers import User, Role
from exchange.domain.errors import InputRejected, NotFound
from exchange.use_cases.read_references import find_reference, read_reference
from tests.fakes.world import World

REQUESTOR = User("a requestor", frozenset({Role.REQUESTOR}))
OPERATOR = User("an operator", frozenset({Role.OPERATOR}))
OTHER = {"identifier": "10.1/x", "identifier_type": "other", "other_identifier_name": "shelf"}


def abstract(visibility: str) -> dict[str, Any]:
    content = {"enhancement_type": "abstract", "process": "other", "abstract": visibility}
    return {"source": "s", "visibility": visibility, "enhancement_type": "abstract", "content": content}


async def loaded(world: World, visibility: str = "public", *enhancements: str) -> UUID:
    reference = ReferenceFileInput.model_validate(
        {
            "visibility": visibility,
            "identifiers": [{"identifier_type": "pm_id", "identifier": 7}, OTHER],
            "enhancements": [abstract(item) for item in enhancements] or None,
        }
    )
    return (await world.references.add(reference)).id


async def seen(world: World, reference_id: UUID, caller: User) -> list[str]:
    reference = await read_reference(reference_id, caller, world.services)
    assert reference.id == reference_id
    return [str(item.visibility) for item in reference.enhancements or []]


async def test_what_is_hidden_is_shown_to_operators_alone() -> None:
    world = World()
    reference_id = await loaded(world, "public", "public", "hidden", "restricted")
    assert await seen(world, reference_id, OPERATOR) == ["public", "hidden", "restricted"]
    assert await seen(world, reference_id, REQUESTOR) == ["public", "restricted"]


async def test_a_hidden_reference_is_not_there_but_for_operators() -> None:
    world = World()
    reference_id = await loaded(world, "hidden", "public")
    assert await seen(world, reference_id, OPERATOR) == ["public"]
    with pytest.raises(NotFound, match=str(reference_id)):
        await read_reference(reference_id, REQUESTOR, world.services)


async def test_one_that_nobody_has_enhanced_is_shown_with_its_identifiers() -> None:
    world = World()
    reference_id = await loaded(world, "restricted")
    reference = await read_reference(reference_id, REQUESTOR, world.services)
    assert (len(reference.identifiers or []), reference.enhancements) == (2, [])


async def test_there_has_to_be_such_a_reference() -> None:
    for caller in (REQUESTOR, OPERATOR):
        with pytest.raises(NotFound, match="There is no reference"):
            await read_reference(uuid4(), caller, World().services)


@pytest.mark.parametrize("query", [{"identifier": "7", "identifier_type": "pm_id"}, OTHER])
async def test_a_reference_is_found_by_any_of_its_identifiers(query: dict[str, str]) -> None:
    world = World()
    reference_id = await loaded(world, "public", "hidden")
    asked = ReferenceQuery.model_validate(query)
    assert (await find_reference(asked, OPERATOR, world.services)).id == reference_id
    assert (await find_reference(asked, REQUESTOR, world.services)).enhancements == []


async def test_what_no_reference_has_is_not_found() -> None:
    query = ReferenceQuery.model_validate({"identifier": "8", "identifier_type": "pm_id"})
    with pytest.raises(NotFound, match="No reference has this identifier"):
        await find_reference(query, OPERATOR, World().services)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"identifier": "x", "identifier_type": "pm_id"}, "identifier: Input should be a valid integer"),
        ({"identifier": "x", "identifier_type": "other"}, "other_identifier_name: Field required."),
    ],
)
async def test_what_can_be_no_identifier_is_refused_with_its_fault(query: dict[str, str], fault: str) -> None:
    with pytest.raises(InputRejected) as raised:
        await find_reference(ReferenceQuery.model_validate(query), OPERATOR, World().services)
    (said,) = raised.value.faults
    assert said.startswith(fault)
