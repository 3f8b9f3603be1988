"""The exchange accepts the signatures of each release's client."""

import pytest

from exchange.domain.errors import NotAuthenticated
from tests.sdk.releases import Release
from tests.sdk.test_signatures import BODIES, SECRET, check, sign_with_sdk


@pytest.mark.parametrize("body", BODIES)
def test_we_accept_a_call_that_the_client_of_a_release_signed(sdk: Release, body: bytes) -> None:
    check(sign_with_sdk(sdk, body), body)


def test_we_refuse_another_body_and_another_secret(sdk: Release) -> None:
    for secret, signed in ((SECRET, b"other"), ("other", b"body")):
        with pytest.raises(NotAuthenticated):
            check(sign_with_sdk(sdk, signed, secret), b"body")
