import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from exchange.adapters.access_tokens import AccessTokens
from exchange.domain.callers import Role, User
from exchange.domain.errors import NotAuthenticated, Unavailable
from exchange.settings import Tokens

ISSUER, AUDIENCE = "https://issuer.test/", "api://exchange"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(kid: str = "one", **claims: Any) -> str:
    """Return a user's access token with these claims. A claim that is None is left out."""
    now = int(time.time())
    times = {"nbf": now, "exp": now + 60}
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "roles": ["operator"], "azp": "client", "scp": "access"}
    claimed = {name: value for name, value in {**usual, **times, **claims}.items() if value is not None}
    return jwt.encode(claimed, KEY, algorithm="RS256", headers={"kid": kid})


class Issuer:
    """An issuer that publishes its keys. It can hang or be down."""

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
    """Replace the network only: the test decides what is fetched, and the code under test handles it."""
    issuer = Issuer()
    answer: Callable[[jwt.PyJWKClient], list[jwt.PyJWK]] = lambda _client: issuer.keys()  # noqa: E731 - it replaces a method
    monkeypatch.setattr(jwt.PyJWKClient, "get_signing_keys", answer)
    return issuer


SETTINGS = Tokens(token_issuer=ISSUER, token_audience=AUDIENCE, token_keys_url="https://issuer.test/keys")


async def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer) -> None:
    tokens = AccessTokens(SETTINGS)
    users = await asyncio.gather(*(tokens.authenticate(token(oid=f"o{number}")) for number in range(20)))
    assert users[3] == User("o3", frozenset({Role.OPERATOR}))
    assert issuer.fetches == 1


async def test_unknown_key_ids_cause_one_fetch_within_the_cooldown(issuer: Issuer) -> None:
    tokens = AccessTokens(SETTINGS)
    for number in range(10):
        with pytest.raises(NotAuthenticated, match="its key does not belong to the issuer"):
            await tokens.authenticate(token(kid=f"made up {number}"))
    assert issuer.fetches == 1
    assert await tokens.authenticate(token())


async def test_a_token_with_a_known_key_does_not_wait_for_a_fetch_that_hangs(issuer: Issuer) -> None:
    tokens = AccessTokens(SETTINGS)
    assert await tokens.authenticate(token())
    tokens._keys._tried_at -= 60
    issuer.may_answer.clear()
    unknown = [asyncio.ensure_future(tokens.authenticate(token(kid=f"made up {number}"))) for number in range(5)]
    await asyncio.sleep(0.05)
    started = time.monotonic()
    assert await tokens.authenticate(token())
    assert time.monotonic() - started < 1
    issuer.may_answer.set()
    assert all(isinstance(error, NotAuthenticated) for error in await asyncio.gather(*unknown, return_exceptions=True))
    assert issuer.fetches == 2


async def test_no_token_is_accepted_while_the_keys_cannot_be_fetched(issuer: Issuer) -> None:
    issuer.down = True
    tokens = AccessTokens(SETTINGS)
    for _ in range(3):
        with pytest.raises(Unavailable, match="cannot be fetched"):
            await tokens.authenticate(token())
    assert issuer.fetches == 1


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"azp": "cli", "azpacr": "0", "preferred_username": "a", "ver": "2.0"}, id="user, version 2"),
        pytest.param({"azp": None, "appid": "cli", "unique_name": "a", "ver": "1.0"}, id="user, version 1"),
        pytest.param({"scp": "openid access profile"}, id="user, several scopes"),
        pytest.param({"scp": None, "azp": "daemon", "azpacr": "1", "oid": "s"}, id="daemon, version 2"),
        pytest.param({"scp": None, "azp": None, "appid": "daemon", "appidacr": "1"}, id="daemon, version 1"),
        pytest.param({"scp": None, "azp": "identity", "azpacr": "2", "idtyp": "app"}, id="managed identity with idtyp"),
    ],
)
async def test_access_tokens_of_users_and_applications_are_accepted(issuer: Issuer, claims: dict[str, Any]) -> None:
    assert (await AccessTokens(SETTINGS).authenticate(token(**claims))).roles == {Role.OPERATOR}
    assert issuer.fetches == 1


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param(
            {"scp": None, "azp": None, "nonce": "n", "name": "Ada", "preferred_username": "a", "sid": "s"},
            id="ID token of a user",
        ),
        pytest.param({"scp": None, "azp": None}, id="ID token without profile and nonce"),
        *(
            pytest.param({"scp": None, name: "x"}, id=f"ID token with a client and {name}")
            for name in ("nonce", "at_hash", "c_hash")
        ),
        pytest.param({"scp": None, "idtyp": "user"}, id="user without scope"),
        pytest.param({"scp": None, "idtyp": "device"}, id="device"),
        pytest.param({"scp": "openid profile"}, id="other scopes"),
        pytest.param({"scp": ""}, id="no scopes"),
        pytest.param({"scp": "accessible"}, id="almost the scope"),
        pytest.param({"scp": ["access"]}, id="scopes as a list"),
    ],
)
async def test_other_tokens_of_the_issuer_are_refused(issuer: Issuer, claims: dict[str, Any]) -> None:
    with pytest.raises(NotAuthenticated, match="it is an ID token, or it lacks the scope 'access'"):
        await AccessTokens(SETTINGS).authenticate(token(**claims))
    assert issuer.fetches == 1
