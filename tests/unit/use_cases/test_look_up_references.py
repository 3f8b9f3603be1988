from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from exchange.contract.lookup import MAX_LOOKUP_IDENTIFIERS, LookedUpReference, ReferenceLookup
from exchange.contract.references import ReferenceFileInput
from exchange.domain.callers import User
from exchange.domain.ids import new_id
from exchange.use_cases.load_reference import load_reference
from exchange.use_cases.look_up_references import look_up_references
from tests.fakes.world import World
from tests.unit.use_cases.conftest import OPERATOR, REQUESTOR

DOI = {"identifier": "10.1000/Abc", "identifier_type": "doi"}
PUBMED = {"identifier": 7, "identifier_type": "pm_id"}
SHELF = {"identifier": "7", "identifier_type": "other", "other_identifier_name": "shelf"}


async def load(world: World, *identifiers: dict[str, Any], visibility: str = "public") -> UUID:
    reference = ReferenceFileInput.model_validate({"visibility": visibility, "identifiers": identifiers})
    return (await load_reference(reference, world.services)).id


async def look_up(world: World, *identifiers: dict[str, Any], user: User = REQUESTOR) -> list[LookedUpReference]:
    lookup = ReferenceLookup.model_validate({"identifiers": identifiers})
    return (await look_up_references(lookup.identifiers, user, world.services)).references


async def find_ids(world: World, *identifiers: dict[str, Any], user: User = REQUESTOR) -> list[UUID | None]:
    return [item.id for item in await look_up(world, *identifiers, user=user)]


async def test_each_identifier_has_an_answer_in_the_order_of_the_request() -> None:
    world = World()
    first, second = await load(world, DOI), await load(world, PUBMED)
    unknown = {**PUBMED, "identifier": 8}
    assert await find_ids(world, PUBMED, unknown, DOI, PUBMED) == [second, None, first, second]
    assert await find_ids(world) == []


@pytest.mark.parametrize(
    "doi", ["10.1000/aBC", "https://doi.org/10.1000/Abc", " HTTP://DX.DOI.ORG/10.1000/ABC ", "doi:10.1000/abc"]
)
async def test_a_doi_matches_in_every_form_and_is_returned_as_it_was_given(doi: str) -> None:
    world = World()
    reference_id = await load(world, DOI)
    (answer,) = await look_up(world, {**DOI, "identifier": doi})
    assert answer.model_dump() == {**DOI, "identifier": doi, "other_identifier_name": None, "id": reference_id}


async def test_identifiers_of_different_schemes_are_different() -> None:
    world = World()
    numbered, shelved = await load(world, PUBMED), await load(world, SHELF)
    other_shelf = {**SHELF, "other_identifier_name": "box"}
    answers = await look_up(world, SHELF, PUBMED, other_shelf)
    assert [answer.id for answer in answers] == [shelved, numbered, None]
    assert [answer.other_identifier_name for answer in answers] == ["shelf", None, "box"]


async def test_a_hidden_reference_is_found_by_operators_only() -> None:
    world = World()
    hidden = await load(world, DOI, visibility="hidden")
    restricted = await load(world, PUBMED, visibility="restricted")
    assert await find_ids(world, DOI, PUBMED) == [None, restricted]
    assert await find_ids(world, DOI, PUBMED, user=OPERATOR) == [hidden, restricted]


async def test_an_identifier_that_a_load_has_claimed_but_not_written_is_unknown() -> None:
    world = World()
    reference_id = await load(world, DOI)
    await world.references.delete(reference_id)
    assert await find_ids(world, DOI, user=OPERATOR) == [None]


@pytest.mark.parametrize(
    "identifier",
    [
        {**DOI, "identifier": "x"},
        {**PUBMED, "identifier": "7"},
        {**PUBMED, "identifier": 0},
        {**PUBMED, "identifier": 2**53 + 1},
        {"identifier": "7", "identifier_type": "other"},
        {"identifier_type": "doi"},
        {"identifier": "7"},
        "10.1000/abc",
    ],
)
def test_an_invalid_identifier_is_refused(identifier: Any) -> None:
    with pytest.raises(ValidationError):
        ReferenceLookup.model_validate({"identifiers": [PUBMED, identifier]}, strict=True)


def test_a_request_may_have_as_many_identifiers_as_the_limit() -> None:
    most = [{**PUBMED, "identifier": number} for number in range(1, MAX_LOOKUP_IDENTIFIERS + 1)]
    assert len(ReferenceLookup.model_validate({"identifiers": most}).identifiers) == MAX_LOOKUP_IDENTIFIERS
    with pytest.raises(ValidationError, match="at most 5000"):
        ReferenceLookup.model_validate({"identifiers": [*most, {**SHELF, "identifier": str(new_id())}]})
