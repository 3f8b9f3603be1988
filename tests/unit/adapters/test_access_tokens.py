import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from exchange.adapters.access_tokens import AccessTokens
from exchange.domain.callers import User, Role
from exchange.domain.errors import NotAuthenticated, Unavailable

ISSUER, AUDIENCE = "https://issuer.test/", "api://exchange"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(kid: str = "one", **claims: Any) -> str:
    now = int(time.time())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "roles": ["operator"], "nbf": now, "exp": now + 60}
    return jwt.encode({**usual, **claims}, KEY, algorithm="RS256", headers={"kid": kid})


class Issuer:
    """Publishes its keys, unless it hangs, or is down."""

    def __init__(self) -> None:
        self.fetches = 0
        self.down = False
        self.may_answer = threading.Event()
        self.may_answer.set()

    def keys(self) -> list[jwt.PyJWK]:
        self.fetches += 1
        self.may_answer.wait(10)
        if self.down:
            raise jwt.PyJWKClientConnectionError("down")
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return [jwt.PyJWK({**public, "kid": "one", "use": "sig"}, algorithm="RS256")]


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Issuer:
    """Stand in for the network alone: what is fetched, and not what is done with it."""
    made = Issuer()
    answer: Callable[[jwt.PyJWKClient], list[jwt.PyJWK]] = lambda _client: made.keys()  # noqa: E731 - a method's place
    monkeypatch.setattr(jwt.PyJWKClient, "get_signing_keys", answer)
    return made


def tokens() -> AccessTokens:
    return AccessTokens(ISSUER, AUDIENCE, "https://issuer.test/keys")


async def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer) -> None:
    checked = tokens()
    members = await asyncio.gather(*(checked.member(token(oid=f"o{number}")) for number in range(20)))
    assert members[3] == User("o3", frozenset({Role.OPERATOR}))
    assert issuer.fetches == 1


async def test_an_unknown_key_id_is_looked_for_once_in_a_while_and_not_for_each_token(issuer: Issuer) -> None:
    checked = tokens()
    for number in range(10):
        with pytest.raises(NotAuthenticated, match="its key is not its issuer's"):
            await checked.member(token(kid=f"made up {number}"))
    assert issuer.fetches == 1
    assert await checked.member(token())


async def test_nobody_with_a_known_key_waits_for_a_fetch_that_hangs(issuer: Issuer) -> None:
    checked = tokens()
    assert await checked.member(token())
    checked._keys._tried_at -= 60
    issuer.may_answer.clear()
    strangers = [asyncio.ensure_future(checked.member(token(kid=f"made up {number}"))) for number in range(5)]
    await asyncio.sleep(0.05)
    started = time.monotonic()
    assert await checked.member(token())
    assert time.monotonic() - started < 1
    issuer.may_answer.set()
    assert all(isinstance(one, NotAuthenticated) for one in await asyncio.gather(*strangers, return_exceptions=True))
    assert issuer.fetches == 2


async def test_while_the_keys_can_not_be_had_nobody_is_let_in(issuer: Issuer) -> None:
    issuer.down = True
    checked = tokens()
    for _ in range(3):
        with pytest.raises(Unavailable, match="can't be fetched"):
            await checked.member(token())
    assert issuer.fetches == 1
