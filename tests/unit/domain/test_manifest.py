from array import array
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.manifest import REMEMBERED_ENTRIES, Manifest

ONE, TWO, THREE = (uuid4() for _ in range(3))


def test_a_manifest_contains_the_requested_references_only() -> None:
    manifest = Manifest([ONE, TWO])
    assert ONE in manifest
    assert THREE not in manifest
    assert len(manifest) == 2


@settings(max_examples=100, deadline=None)
@given(st.uuids(version=4))
def test_a_requested_id_has_a_key_in_canonical_form_only(requested: UUID) -> None:
    manifest = Manifest([requested])
    assert manifest.find_key(str(requested)) == requested.bytes
    for other in (
        requested.hex,
        requested.urn,
        f"{{{requested}}}",
        f" {str(requested)[1:]}",
        f"{requested}\n",
        f"{str(requested)[:-1]}\n",
        "",
        str(ONE),
    ):
        assert manifest.find_key(other) is None


def test_a_text_that_differs_in_one_character_has_no_key() -> None:
    requested = "a1111111-0000-4000-8000-00000000000f"
    manifest = Manifest([UUID(requested)])
    assert manifest.find_key(requested) is not None
    for place in range(len(requested)):
        for character in "-gA0 \u0661":
            if character != requested[place]:
                assert manifest.find_key(requested[:place] + character + requested[place + 1 :]) is None
    assert manifest.find_key("a111111-10000-4000-8000-00000000000f") is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.uuids(version=4), unique=True, max_size=10), st.data())
def test_references_that_no_entry_names_are_missing_in_the_order_of_the_request(
    requested: list[UUID], data: st.DataObject
) -> None:
    manifest = Manifest(requested)
    named = data.draw(st.lists(st.sampled_from(requested))) if requested else []
    for item in named:
        manifest.mark_named(item.bytes)
    assert list(manifest.list_missing()) == [item for item in requested if item not in named]


def test_naming_another_reference_changes_nothing() -> None:
    manifest = Manifest([ONE])
    manifest.mark_named(TWO.bytes)
    assert TWO not in manifest
    assert list(manifest.list_missing()) == [ONE]


def test_a_duplicate_is_detected_within_its_reference_only() -> None:
    manifest = Manifest([ONE, TWO])
    assert manifest.record(ONE.bytes, 7)
    assert not manifest.record(ONE.bytes, 7)
    assert manifest.record(TWO.bytes, 7)
    assert list(manifest.list_missing()) == []


def test_naming_a_reference_again_keeps_its_entries() -> None:
    manifest = Manifest([ONE])
    manifest.mark_named(ONE.bytes)
    manifest.record(ONE.bytes, 7)
    manifest.mark_named(ONE.bytes)
    assert not manifest.record(ONE.bytes, 7)


def test_only_the_last_entries_of_a_reference_are_remembered() -> None:
    manifest = Manifest([ONE])
    for fingerprint in range(1000):
        assert manifest.record(ONE.bytes, fingerprint)
    last = range(1000 - REMEMBERED_ENTRIES, 1000)
    assert all(not manifest.record(ONE.bytes, fingerprint) for fingerprint in last)
    assert manifest.record(ONE.bytes, last[0] - 1)
    remembered = manifest._seen[ONE.bytes]
    assert isinstance(remembered, array)
    assert len(remembered) == REMEMBERED_ENTRIES
