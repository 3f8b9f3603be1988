from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.manifest import REMEMBERED_ENTRIES, Manifest
from exchange.domain.room import Room

IDS = [uuid4() for _ in range(3)]
ONE, TWO, THREE = map(str, IDS)


def test_a_manifest_contains_the_requested_references_in_canonical_form_only() -> None:
    manifest = Manifest(IDS[:2])
    assert ONE in manifest
    for other in (THREE, "", IDS[0].hex, IDS[0].urn, f"{{{ONE}}}", f" {ONE[1:]}", f"{ONE}\n"):
        assert other not in manifest


@settings(max_examples=50, deadline=None)
@given(st.lists(st.uuids(version=4), unique=True, max_size=10), st.data())
def test_references_that_no_entry_names_are_missing_in_the_order_of_the_request(
    requested: list[UUID], data: st.DataObject
) -> None:
    manifest = Manifest(requested)
    named = data.draw(st.lists(st.sampled_from(requested))) if requested else []
    for item in named:
        manifest.mark_named(str(item))
    assert list(manifest.list_missing()) == [str(item) for item in requested if item not in named]


def test_a_duplicate_is_detected_within_its_reference_only() -> None:
    manifest = Manifest(IDS[:2])
    assert manifest.record(ONE, 7)
    assert not manifest.record(ONE, 7)
    assert manifest.record(TWO, 7)
    assert list(manifest.list_missing()) == []


def test_naming_a_reference_again_keeps_its_entries() -> None:
    manifest = Manifest(IDS[:1])
    manifest.mark_named(ONE)
    manifest.record(ONE, 7)
    manifest.mark_named(ONE)
    assert not manifest.record(ONE, 7)


def test_only_the_last_entries_of_a_reference_are_remembered() -> None:
    manifest = Manifest(IDS[:1])
    for fingerprint in range(1000):
        assert manifest.record(ONE, fingerprint)
    last = range(1000 - REMEMBERED_ENTRIES, 1000)
    assert all(not manifest.record(ONE, fingerprint) for fingerprint in last)
    assert manifest.record(ONE, last[0] - 1)
    assert len(manifest._named[ONE].fingerprints) == REMEMBERED_ENTRIES


@pytest.mark.parametrize(("sizes", "expected"), [([1] * 5, 3), ([40, 50, 20, 10], 3), ([101, 100, 1], 1)])
def test_a_reference_has_room_for_so_many_entries_and_bytes(sizes: list[int], expected: int) -> None:
    manifest, room = Manifest(IDS[:2]), Room(3, 100)
    for reference_id in (ONE, TWO):
        manifest.mark_named(reference_id)
    assert sum(manifest.reserve(ONE, size, room) for size in sizes) == expected
    assert manifest.reserve(TWO, 100, room)
    assert list(manifest.list_missing()) == []
