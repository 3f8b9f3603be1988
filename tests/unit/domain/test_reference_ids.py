import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.ids import bucket_of
from exchange.domain.reference_ids import IdsByBucket, ReferenceIds, ReferenceIdsReader


def read(text: bytes, piece: int) -> ReferenceIds:
    reader = ReferenceIdsReader()
    for start in range(0, len(text), piece):
        reader.feed(text[start : start + piece])
    return reader.end()


@given(st.lists(st.uuids()), st.integers(1, 100))
def test_ids_are_read_back_unchanged(written: list[UUID], piece: int) -> None:
    ids = read(json.dumps([str(item) for item in written]).encode(), piece)
    assert list(ids) == written
    assert len(ids) == len(written)


@pytest.mark.parametrize("text", [b'["0f"]', b'["zz"]', b'{"a": 1}'])
def test_a_text_that_is_not_a_list_of_ids_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message may be Python's
        read(text, 100)


@given(st.lists(st.uuids(), unique=True), st.integers(1, 5))
def test_every_id_is_in_one_group_of_its_bucket(reference_ids: list[UUID], max_ids: int) -> None:
    groups = list(IdsByBucket(reference_ids).groups(max_ids))
    assert sorted(item for _, ids in groups for item in ids) == sorted(reference_ids)
    assert all(len(ids) <= max_ids and {bucket_of(item) for item in ids} == {bucket} for bucket, ids in groups)
