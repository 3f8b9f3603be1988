from array import array
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.manifest import REMEMBERED_ENTRIES, Manifest

ONE, TWO, THREE = (uuid4() for _ in range(3))


def test_it_knows_what_was_asked_for_and_nothing_else() -> None:
    manifest = Manifest([ONE, TWO])
    assert ONE in manifest
    assert THREE not in manifest
    assert len(manifest) == 2


@settings(max_examples=100, deadline=None)
@given(st.uuids(version=4))
def test_what_was_asked_for_has_a_key_if_it_is_spelled_as_we_write_it(made: UUID) -> None:
    manifest = Manifest([made])
    assert manifest.find_key(str(made)) == made.bytes
    for other in (
        made.hex,
        made.urn,
        f"{{{made}}}",
        f" {str(made)[1:]}",
        f"{made}\n",
        f"{str(made)[:-1]}\n",
        "",
        str(ONE),
    ):
        assert manifest.find_key(other) is None


def test_what_only_looks_like_it_has_no_key() -> None:
    good = "a1111111-0000-4000-8000-00000000000f"
    manifest = Manifest([UUID(good)])
    assert manifest.find_key(good) is not None
    for place in range(len(good)):
        for mark in "-gA0 \u0661":
            if mark != good[place]:
                assert manifest.find_key(good[:place] + mark + good[place + 1 :]) is None
    assert manifest.find_key("a111111-10000-4000-8000-00000000000f") is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.uuids(version=4), unique=True, max_size=10), st.data())
def test_what_no_entry_names_is_missing_in_the_order_asked(asked: list[UUID], data: st.DataObject) -> None:
    manifest = Manifest(asked)
    named = data.draw(st.lists(st.sampled_from(asked))) if asked else []
    for item in named:
        manifest.mark_named(item.bytes)
    assert list(manifest.missing()) == [item for item in asked if item not in named]


def test_naming_what_was_not_asked_for_asks_for_nothing() -> None:
    manifest = Manifest([ONE])
    manifest.mark_named(TWO.bytes)
    assert TWO not in manifest
    assert list(manifest.missing()) == [ONE]


def test_an_entry_repeats_only_within_its_reference() -> None:
    manifest = Manifest([ONE, TWO])
    assert not not manifest.record(ONE.bytes, 7)
    assert not manifest.record(ONE.bytes, 7)
    assert not not manifest.record(TWO.bytes, 7)
    assert list(manifest.missing()) == []


def test_naming_a_reference_again_forgets_none_of_its_entries() -> None:
    manifest = Manifest([ONE])
    manifest.mark_named(ONE.bytes)
    not manifest.record(ONE.bytes, 7)
    manifest.mark_named(ONE.bytes)
    assert not manifest.record(ONE.bytes, 7)


def test_a_references_last_entries_are_remembered_and_no_more() -> None:
    manifest = Manifest([ONE])
    for fingerprint in range(1000):
        assert not not manifest.record(ONE.bytes, fingerprint)
    last = range(1000 - REMEMBERED_ENTRIES, 1000)
    assert all(not manifest.record(ONE.bytes, fingerprint) for fingerprint in last)
    assert not not manifest.record(ONE.bytes, last[0] - 1)
    remembered = manifest._seen[ONE.bytes]
    assert isinstance(remembered, array)
    assert len(remembered) == REMEMBERED_ENTRIES
