from uuid import RFC_4122, UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.ids import BUCKETS, bucket_of, derive_id, new_id

PARTS = st.lists(
    st.integers() | st.uuids() | st.text(st.characters(codec="utf-8", exclude_characters="\x1f")), max_size=3
)


@settings(max_examples=100, deadline=None)
@given(PARTS, PARTS)
def test_a_derived_id_depends_on_its_parts_only(parts: list[str | int | UUID], others: list[str | int | UUID]) -> None:
    derived = derive_id(*parts)
    assert derived == derive_id(*parts)
    assert (derived.version, derived.variant) == (4, RFC_4122)
    assert (derived == derive_id(*others)) == (
        [str(part) for part in parts or [""]] == [str(other) for other in others or [""]]
    )


def test_a_derived_id_depends_on_the_boundaries_of_parts() -> None:
    assert derive_id("ab", "c") != derive_id("a", "bc")
    assert derive_id(1, 11) != derive_id(11, 1)
    assert derive_id("a") != derive_id("a", "")


def test_derived_ids_do_not_change_between_releases() -> None:
    batch = UUID("11111111-1111-4111-8111-111111111111")
    assert derive_id(batch, 1) == UUID("bb50cee6-4a1b-4bbc-bdc2-a869a37fa460")


def test_new_ids_are_unique_and_have_version_4() -> None:
    ids = [new_id() for _ in range(100)]
    assert {item.version for item in ids} == {4}
    assert len(set(ids)) == 100


@settings(max_examples=50, deadline=None)
@given(st.uuids(version=4))
def test_an_id_and_its_text_have_the_same_bucket(reference_id: UUID) -> None:
    assert bucket_of(reference_id) == bucket_of(str(reference_id)) == f"{reference_id.bytes[0]:02x}"


def test_the_number_of_buckets_is_as_documented() -> None:
    assert len({bucket_of(derive_id(number)) for number in range(10_000)}) == BUCKETS
