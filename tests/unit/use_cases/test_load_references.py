import json

import pytest

from exchange.contract.references import OnExisting, Reference, ReferenceFileInput
from exchange.domain.errors import InputRejected, TooLarge, Unavailable
from exchange.use_cases.load_reference import load_reference
from exchange.use_cases.load_references import load_lines
from tests.fakes.world import LIMITS, World

KNOWN = b'{"identifiers": [{"identifier_type": "pm_id", "identifier": 1}]}'


def make_line(data: str) -> bytes:
    content = (
        '{"enhancement_type": "annotation", "annotations": [{"annotation_type": "boolean", "scheme": "s", "label": "l",'
        f' "value": true, "data": {data}}}]}}'
    )
    enhancement = f'{{"source": "s", "visibility": "public", "enhancement_type": "annotation", "content": {content}}}'
    return f'{{"identifiers": null, "enhancements": [{enhancement}]}}'.encode()


@pytest.mark.parametrize("data", ['{"x": NaN}', '{"x": 1e999}', '{"x": 9007199254740993}', '{"x": "\\u0000"}'])
async def test_a_value_is_either_stored_unchanged_or_refused(data: str) -> None:
    world = World()
    (loaded,) = await load_lines([make_line(data)], world.services)
    stored = [
        enhancement["content"]["annotations"][0]["data"] for enhancement in world.references.enhancements.values()
    ]
    assert (loaded.error is None) == bool(stored) == ("u0000" in data)
    assert stored in ([], [json.loads(data)])


async def test_loading_one_reference_that_cannot_be_stored_raises_input_rejected() -> None:
    world = World()
    with pytest.raises(InputRejected, match="NaN"):
        await load_reference(ReferenceFileInput.model_validate_json(make_line('{"x": NaN}')), world.services)
    assert not world.references.references


async def test_each_non_blank_line_has_a_result_in_the_order_of_the_lines() -> None:
    world = World()
    loaded = await load_lines([KNOWN, b"", b"not JSON", b"  ", b'{"visibility": "secret"}'], world.services)
    again = await load_lines([KNOWN], world.services)
    assert [(line.line, line.error is None) for line in loaded] == [(1, True), (3, False), (5, False)]
    assert (again[0].id, again[0].existing, loaded[0].existing) == (loaded[0].id, True, False)


@pytest.mark.parametrize(
    "line", [b"{}", b'{"visibility": "public", "identifiers": [], "enhancements": null, "doi": "x"}']
)
async def test_a_reference_without_identifier_and_enhancement_is_refused(line: bytes) -> None:
    world = World()
    (loaded,) = await load_lines([line], world.services)
    assert loaded.error == "A reference must have at least one identifier or one enhancement."
    assert not world.references.references


async def test_ignored_fields_are_named_in_the_warnings() -> None:
    (loaded,) = await load_lines([KNOWN.replace(b"{", b'{"journal": "J", ', 1)], World().services)
    assert loaded.warnings == ["Unknown field 'journal' was ignored."]


async def test_two_references_on_one_line_are_refused_with_the_cause() -> None:
    (loaded,) = await load_lines([KNOWN + KNOWN], World().services)
    assert "curl, use --data-binary" in (loaded.error or "")


async def test_a_byte_order_mark_in_the_middle_is_named() -> None:
    loaded = await load_lines([KNOWN, b"\xef\xbb\xbf" + KNOWN], World().services)
    assert "byte order mark" in (loaded[1].error or "")


async def test_a_file_may_have_as_many_lines_as_the_limit_and_no_more() -> None:
    world = World(limits=LIMITS.model_copy(update={"references_per_load_limit": 20}))
    lines = [
        f'{{"identifiers": [{{"identifier_type": "pm_id", "identifier": {number}}}]}}'.encode()
        for number in range(1, 22)
    ]
    with pytest.raises(TooLarge, match=r"at most 20 lines\. This one has 21"):
        await load_lines(lines, world.services)
    assert not world.references.references
    loaded = await load_lines([*lines[:20], b" ", b""], world.services)
    assert [line.id for line in loaded] == list(world.references.references)


@pytest.mark.parametrize(
    ("identifier", "location"),
    [('{"identifier_type": "pm_id", "identifier": "1"}', "identifiers.0.identifier: "), ("7", "identifiers.0: ")],
)
async def test_the_fault_of_a_line_names_its_location(identifier: str, location: str) -> None:
    world = World()
    (loaded,) = await load_lines([f'{{"identifiers": [{identifier}]}}'.encode()], world.services)
    assert (loaded.error or "").startswith(location)
    assert not world.references.references


async def test_the_first_outage_is_raised_without_the_others() -> None:
    world = World()
    outages = [Unavailable(f"Outage {number}.") for number in range(3)]
    remaining = iter(outages)

    async def fail(_reference: Reference) -> None:
        raise next(remaining)

    world.references.create = fail  # type: ignore[method-assign,assignment] # replaces the fake
    with pytest.raises(Unavailable) as raised:
        await load_lines([KNOWN] * 3, world.services)
    assert raised.value is outages[0]


async def test_the_former_name_processor_version_is_accepted_for_robot_version() -> None:
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
    assert [enhancement.robot_version for enhancement in world.references.enhancements_of(loaded.id)] == ["0.9"]


async def test_each_line_says_what_was_added() -> None:
    world = World()
    (first,) = await load_lines([KNOWN], world.services)
    second, third = await load_lines(
        [KNOWN.replace(b'"identifiers": [', b'"identifiers": [{"identifier_type": "pm_id", "identifier": 2}, '), KNOWN],
        world.services,
    )
    assert (first.existing, first.added_identifiers, first.added_enhancements) == (False, 1, 0)
    assert (second.id, second.existing, second.added_identifiers) == (first.id, True, 1)
    assert (third.id, third.existing, third.added_identifiers) == (first.id, True, 0)


async def test_a_known_reference_is_an_error_of_its_line_if_so_wanted() -> None:
    world = World()
    (first,) = await load_lines([KNOWN], world.services, OnExisting.FAIL)
    (again,) = await load_lines([KNOWN], world.services, OnExisting.FAIL)
    assert again.error == f"A reference with one of these identifiers exists already: {first.id}."
    assert again.id is None


async def test_the_warnings_of_a_line_name_ignored_fields_and_values() -> None:
    world = World()
    await load_lines([KNOWN], world.services)
    (again,) = await load_lines([KNOWN.replace(b"{", b'{"journal": "J", "visibility": "hidden", ', 1)], world.services)
    assert again.warnings == [
        "Unknown field 'journal' was ignored.",
        "The visibility of the known reference does not change.",
    ]
