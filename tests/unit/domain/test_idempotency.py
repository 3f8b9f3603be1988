from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.idempotency import compute_fingerprint, derive_batch_id

ONE, TWO, THREE = (UUID(f"{digit * 8}-0000-4000-8000-000000000000") for digit in "123")
REQUEST = {"robot_id": ONE, "reference_ids": [ONE, TWO], "source": "s", "metadata": {"a": "1", "b": "2"}}


def fingerprint(**fields: Any) -> str:
    return compute_fingerprint(BatchEnhancementRequestIn.model_validate({**REQUEST, **fields}))


def test_the_same_request_has_the_same_fingerprint() -> None:
    assert fingerprint() == fingerprint(metadata={"b": "2", "a": "1"}, unknown=1)
    assert fingerprint(source=None, metadata=None) == compute_fingerprint(
        BatchEnhancementRequestIn(robot_id=ONE, reference_ids=[ONE, TWO])
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"robot_id": TWO},
        {"reference_ids": [ONE]},
        {"reference_ids": [TWO, ONE]},
        {"reference_ids": [ONE, TWO, THREE]},
        {"source": None},
        {"source": ""},
        {"source": "t"},
        {"metadata": None},
        {"metadata": {}},
        {"metadata": {"a": "1"}},
        {"metadata": {"a": "1", "b": "3"}},
        {"source": None, "metadata": {"source": "s", "a": "1", "b": "2"}},
    ],
)
def test_another_request_has_another_fingerprint(fields: dict[str, Any]) -> None:
    assert fingerprint(**fields) != fingerprint()


def test_every_field_of_a_request_counts() -> None:
    """A field that changes what happens to a batch must not be left out of the fingerprint."""
    changed = {"robot_id": TWO, "reference_ids": [THREE], "source": "t", "metadata": {"c": "3"}}
    for name, field in BatchEnhancementRequestIn.model_fields.items():
        value = changed.get(name, not field.default)
        if name != "reference_ids_upload":
            assert fingerprint(**{name: value}) != fingerprint(), name


def test_another_upload_has_another_fingerprint() -> None:
    uploads = [fingerprint(reference_ids=None, reference_ids_upload=upload) for upload in (ONE, TWO)]
    assert len({*uploads, fingerprint()}) == 3


@given(st.text(min_size=1), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=255))
def test_the_id_of_a_batch_depends_on_the_user_and_the_key(user: str, key: str) -> None:
    batch_id = derive_batch_id(user, key)
    assert batch_id.version == 4
    assert batch_id == derive_batch_id(user, key)
    assert batch_id not in {derive_batch_id(f"{user}x", key), derive_batch_id(user, f"{key}x")}
