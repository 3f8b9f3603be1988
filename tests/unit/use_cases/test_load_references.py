import json
from dataclasses import replace

import pytest

from exchange.contract.references import ReferenceFileInput
from exchange.domain.errors import InputRejected, TooLarge, Unavailable
from exchange.ports import LoadResult
from exchange.use_cases.load_references import load_lines, load_reference
from tests.fakes.world import LIMITS, World


def line(data: str) -> bytes:
    content = (
        '{"enhancement_type": "annotation", "annotations": [{"annotation_type": "boolean", "scheme": "s", "label": "l",'
        f' "value": true, "data": {data}}}]}}'
    )
    enhancement = f'{{"source": "s", "visibility": "public", "enhancement_type": "annotation", "content": {content}}}'
    return f'{{"identifiers": null, "enhancements": [{enhancement}]}}'.encode()


@pytest.mark.parametrize("data", ['{"x": NaN}', '{"x": 1e999}', '{"x": 9007199254740993}', '{"x": "\\u0000"}'])
async def test_what_the_store_would_change_is_refused_and_not_changed(data: str) -> None:
    world = World()
    (loaded,) = await load_lines([line(data)], world.services)
    stored = [
        enhancement["content"]["annotations"][0]["data"] for enhancement in world.references.enhancements.values()
    ]
    assert (loaded.error is None) == bool(stored) == ("u0000" in data)
    assert stored in ([], [json.loads(data)])


async def test_one_reference_that_cannot_be_kept_is_an_error() -> None:
    world = World()
    with pytest.raises(InputRejected, match="NaN"):
        await load_reference(ReferenceFileInput.model_validate_json(line('{"x": NaN}')), world.services)
    assert not world.references.references


async def test_each_line_has_its_answer_in_order_and_blank_ones_have_none() -> None:
    world = World()
    known = b'{"identifiers": [{"identifier_type": "pm_id", "identifier": 1}]}'
    loaded = await load_lines([known, b"", b"nope", b"  ", b'{"visibility": "secret"}'], world.services)
    again = await load_lines([known], world.services)
    assert [one.error is None for one in loaded] == [True, False, False]
    assert (again[0].id, again[0].existing, loaded[0].existing) == (loaded[0].id, True, False)


async def test_as_many_lines_as_are_allowed_are_loaded_and_not_one_more() -> None:
    world = World(limits=replace(LIMITS, references_per_load_limit=20))
    lines = [f'{{"identifiers": [{{"identifier_type": "pm_id", "identifier": {n}}}]}}'.encode() for n in range(21)]
    with pytest.raises(TooLarge, match=r"At most 20 lines .* these are 21"):
        await load_lines(lines, world.services)
    assert not world.references.references
    loaded = await load_lines([*lines[:20], b" ", b""], world.services)
    assert [one.id for one in loaded] == list(world.references.references)


@pytest.mark.parametrize(
    ("wrong", "where"),
    [('{"identifier_type": "pm_id", "identifier": "1"}', "identifiers.0.identifier: "), ("7", "identifiers.0: ")],
)
async def test_what_is_wrong_with_a_line_is_said_where_it_is(wrong: str, where: str) -> None:
    world = World()
    (loaded,) = await load_lines([f'{{"identifiers": [{wrong}]}}'.encode()], world.services)
    assert (loaded.error or "").startswith(where)
    assert not world.references.references


async def test_the_first_outage_is_said_by_itself() -> None:
    world = World()
    outages = [Unavailable(f"Outage {number}.") for number in range(3)]
    left = iter(outages)

    async def failing(_reference: ReferenceFileInput) -> LoadResult:
        raise next(left)

    world.references.add = failing  # type: ignore[method-assign,assignment] # a fake of this test's own
    with pytest.raises(Unavailable) as raised:
        await load_lines([b"{}"] * 3, world.services)
    assert raised.value is outages[0]


async def test_an_old_name_of_the_robots_version_is_understood() -> None:
    enhancement = {
        "source": "s",
        "visibility": "public",
        "enhancement_type": "abstract",
        "processor_version": "0.9",
        "content": {"enhancement_type": "abstract", "process": "other", "abstract": "a"},
    }
    world = World()
    (loaded,) = await load_lines([json.dumps({"enhancements": [enhancement]}).encode()], world.services)
    assert loaded.id is not None
    assert [one.robot_version for one in world.references.enhancements_of(loaded.id)] == ["0.9"]
