import re

import pytest

from exchange.domain.errors import InputRejected
from functions.http.headers import ETAG, format_etag, parse_idempotency_key, parse_if_none_match
from tests.unit.functions.http.conftest import make_request

TAG, OTHER = "0123456789abcdef" * 2, "f" * 32


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


@pytest.mark.parametrize(
    ("value", "tags"),
    [
        (None, set()),
        ("", set()),
        (f'W/"{TAG}"', {TAG}),
        (f'"{TAG}"', {TAG}),
        (f'"x", W/"{TAG}" ,"{OTHER}"', {TAG, OTHER}),
        (" * ", {"*"}),
        ('"*"', set()),
        (TAG, set()),
        (f'"{TAG.upper()}"', set()),
        ("\x00\udce4", set()),
    ],
)
def test_the_known_tags_are_those_of_the_exchange_in_the_weak_or_the_strong_form(
    value: str | None, tags: set[str]
) -> None:
    headers = {} if value is None else {"If-None-Match": value}
    assert parse_if_none_match(make_request(headers=headers)) == tags


def test_a_tag_is_read_back_from_the_etag_that_was_sent() -> None:
    assert parse_if_none_match(make_request(headers={"If-None-Match": format_etag(TAG)})) == {TAG}
    assert re.fullmatch(ETAG.schema["pattern"], format_etag(TAG))
