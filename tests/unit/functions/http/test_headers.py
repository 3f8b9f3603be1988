import pytest

from exchange.domain.errors import InputRejected
from functions.http.headers import parse_idempotency_key
from tests.unit.functions.http.conftest import make_request


@pytest.mark.parametrize("key", ["a", "~" * 255, '"quoted"', "a,b;c=d", "!#$%&'()*+-./:<=>?@[\\]^_`{|}"])
def test_a_key_of_visible_ascii_characters_is_returned_unchanged(key: str) -> None:
    assert parse_idempotency_key(make_request(headers={"IDEMPOTENCY-Key": key})) == key


def test_the_key_is_optional() -> None:
    assert parse_idempotency_key(make_request()) is None


@pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "a\x00", "a\n", "\x7f", "ä", "\udce4", "文", "k" * 256])
def test_any_other_key_is_refused_with_a_sentence(key: str) -> None:
    with pytest.raises(
        InputRejected, match=r"^The header Idempotency-Key must be 1 to 255 visible ASCII characters\.$"
    ):
        parse_idempotency_key(make_request(headers={"Idempotency-Key": key}))
