"""Each release accepts our signatures, and we accept its signatures."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from exchange.domain.errors import NotAuthenticated
from exchange.domain.signatures import SCHEME, SignedCall, check_signature, check_timestamp, make_signed_headers
from tests.sdk.documents import ONE
from tests.sdk.releases import Release
from tests.sdk.robot import make_request

ROBOT = UUID(ONE)
SECRET = "5f" * 32
BODIES = [b"", b'{"id": 1}', '{"text": "文 \u2028"}'.encode(), bytes(range(256))]


def sign_with_sdk(sdk: Release, body: bytes, secret: str = SECRET) -> Mapping[str, str]:
    """Return the headers with which the release's client signs a call."""
    request = sdk.client.httpx.Request("POST", "http://exchange.example/", content=body)
    signed: Any = next(sdk.client.HMACSigningAuth(secret, ROBOT).sync_auth_flow(request))
    headers: Mapping[str, str] = signed.headers
    return headers


def check(headers: Mapping[str, str], body: bytes) -> None:
    scheme, _, signature = headers["Authorization"].partition(" ")
    assert scheme == SCHEME
    check_timestamp(headers["X-Request-Timestamp"], time.time())
    check_signature(SignedCall(UUID(headers["X-Client-Id"]), signature, headers["X-Request-Timestamp"], body), SECRET)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("whole_seconds", [False, True])
async def test_a_release_accepts_a_call_that_we_signed(sdk: Release, body: bytes, whole_seconds: bool) -> None:  # noqa: FBT001
    now = float(int(time.time())) if whole_seconds else time.time()
    assert await sdk.auth.HMACAuth(SECRET)(make_request(sdk, make_signed_headers(SECRET, body, ROBOT, now), body))


async def test_a_release_refuses_another_body_another_secret_and_an_old_call(sdk: Release) -> None:
    now = time.time()
    for secret, signed, at in ((SECRET, b"other", now), ("other", b"body", now), (SECRET, b"body", now - 301)):
        request = make_request(sdk, make_signed_headers(secret, signed, ROBOT, at), b"body")
        with pytest.raises(sdk.auth.AuthException) as refused:
            await sdk.auth.HMACAuth(SECRET)(request)
        assert refused.value.status_code == 401


@pytest.mark.parametrize("body", BODIES)
def test_we_accept_a_call_that_the_client_of_a_release_signed(sdk: Release, body: bytes) -> None:
    check(sign_with_sdk(sdk, body), body)


def test_we_refuse_another_body_and_another_secret(sdk: Release) -> None:
    for secret, signed in ((SECRET, b"other"), ("other", b"body")):
        with pytest.raises(NotAuthenticated):
            check(sign_with_sdk(sdk, signed, secret), b"body")
