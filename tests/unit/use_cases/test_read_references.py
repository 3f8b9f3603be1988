from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from exchange.contract.references import EnhancementsQuery, ReferenceFileInput, ReferenceQuery
from exchange.domain.callers import User
from exchange.domain.errors import InputRejected, NotFound
from exchange.use_cases.load_reference import load_reference
from exchange.use_cases.read_references import find_reference, read_reference
from tests.fakes.world import World
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR

OTHER = {"identifier": "10.1/x", "identifier_type": "other", "other_identifier_name": "shelf"}


def make_abstract(visibility: str) -> dict[str, Any]:
    content = {"enhancement_type": "abstract", "process": "other", "abstract": visibility}
    return {"source": "s", "visibility": visibility, "enhancement_type": "abstract", "content": content}


async def load(world: World, visibility: str = "public", *enhancements: str) -> UUID:
    reference = ReferenceFileInput.model_validate(
        {
            "visibility": visibility,
            "identifiers": [{"identifier_type": "pm_id", "identifier": 7}, OTHER],
            "enhancements": [make_abstract(item) for item in enhancements] or None,
        }
    )
    return (await load_reference(reference, world.services)).id


async def read_visibilities(world: World, reference_id: UUID, user: User) -> list[str]:
    reference = await read_reference(reference_id, EnhancementsQuery(), user, world.services)
    assert reference.id == reference_id
    return sorted(str(item.visibility) for item in reference.enhancements or [])


async def test_only_operators_see_hidden_enhancements() -> None:
    world = World()
    reference_id = await load(world, "public", "public", "hidden", "restricted")
    assert await read_visibilities(world, reference_id, OPERATOR) == ["hidden", "public", "restricted"]
    assert await read_visibilities(world, reference_id, REQUESTOR) == ["public", "restricted"]


async def test_the_continuation_leads_to_the_other_enhancements() -> None:
    world = World()
    reference_id = await load(world, "public", "public", "hidden", "restricted")
    seen: list[str] = []
    query = EnhancementsQuery(enhancements_limit=1)
    for more in (True, False):
        page = await read_reference(reference_id, query, REQUESTOR, world.services)
        seen += [item.visibility for item in page.enhancements or []]
        assert (page.enhancements_continuation is not None) is more
        query = EnhancementsQuery(enhancements_limit=1, continuation=page.enhancements_continuation)
    assert sorted(seen) == ["public", "restricted"]
    assert page.identifiers


async def test_a_reference_is_found_with_a_page_of_its_enhancements() -> None:
    world = World()
    await load(world, "public", "public", "restricted")
    query = ReferenceQuery.model_validate({"identifier": "7", "identifier_type": "pm_id", "enhancements_limit": "1"})
    found = await find_reference(query, REQUESTOR, world.services)
    assert len(found.enhancements or []) == 1
    next_query = query.model_copy(update={"continuation": found.enhancements_continuation})
    rest = await find_reference(next_query, REQUESTOR, world.services)
    assert len(rest.enhancements or []) == 1
    assert rest.enhancements != found.enhancements
    assert rest.enhancements_continuation is None


@pytest.mark.parametrize(
    "query",
    [
        {"enhancements_limit": "0"},
        {"enhancements_limit": "1001"},
        {"continuation": ""},
        {"continuation": "../x"},
        {"continuation": "1" * 18 + "-" + "0" * 33},
    ],
)
def test_an_invalid_page_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        EnhancementsQuery.model_validate(query)


async def test_only_operators_can_read_hidden_references() -> None:
    world = World()
    reference_id = await load(world, "hidden", "public")
    assert await read_visibilities(world, reference_id, OPERATOR) == ["public"]
    with pytest.raises(NotFound, match=str(reference_id)):
        await read_reference(reference_id, EnhancementsQuery(), REQUESTOR, world.services)


async def test_a_reference_without_enhancements_is_read_with_its_identifiers() -> None:
    world = World()
    reference_id = await load(world, "restricted")
    reference = await read_reference(reference_id, EnhancementsQuery(), REQUESTOR, world.services)
    assert (len(reference.identifiers or []), reference.enhancements) == (2, [])


async def test_an_unknown_reference_raises_not_found() -> None:
    for user in (REQUESTOR, OPERATOR):
        with pytest.raises(NotFound, match="does not exist"):
            await read_reference(uuid4(), EnhancementsQuery(), user, World().services)


@pytest.mark.parametrize(
    "query",
    [{"identifier": "7", "identifier_type": "pm_id"}, {"identifier": "0007", "identifier_type": "pm_id"}, OTHER],
)
async def test_a_reference_is_found_by_any_of_its_identifiers(query: dict[str, str]) -> None:
    world = World()
    reference_id = await load(world, "public", "hidden")
    parsed = ReferenceQuery.model_validate(query)
    assert (await find_reference(parsed, OPERATOR, world.services)).id == reference_id
    assert (await find_reference(parsed, REQUESTOR, world.services)).enhancements == []


async def test_an_identifier_that_no_reference_has_raises_not_found() -> None:
    query = ReferenceQuery.model_validate({"identifier": "8", "identifier_type": "pm_id"})
    with pytest.raises(NotFound, match="No reference has this identifier"):
        await find_reference(query, OPERATOR, World().services)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        *(
            ({"identifier": text, "identifier_type": "pm_id"}, "identifier must be a PubMed id, which has digits only.")
            for text in ("x", "28_905_911", "28905911.0", "+28905911", "-1", " 7", "\u0667")
        ),
        ({"identifier": "0", "identifier_type": "pm_id"}, "identifier: Input should be greater than 0."),
        ({"identifier": "x", "identifier_type": "other"}, "other_identifier_name: Field required."),
    ],
)
async def test_an_invalid_identifier_is_refused_with_its_fault(query: dict[str, str], fault: str) -> None:
    with pytest.raises(InputRejected) as raised:
        await find_reference(ReferenceQuery.model_validate(query), OPERATOR, World().services)
    (first_fault,) = raised.value.faults
    assert first_fault.startswith(fault)


async def test_a_hidden_reference_is_answered_like_an_unknown_identifier() -> None:
    world = World()
    await load(world, "hidden")
    query = ReferenceQuery.model_validate({"identifier": "7", "identifier_type": "pm_id"})
    with pytest.raises(NotFound) as raised:
        await find_reference(query, REQUESTOR, world.services)
    assert str(raised.value) == "No reference has this identifier."
