"""The behaviour of `IdentifierClaims`."""

import asyncio
from uuid import uuid4

from exchange.domain.ids import new_id
from exchange.ports import Claim, IdentifierClaims


def a_key() -> str:
    return uuid4().hex * 2


async def test_a_claim_is_read_back_as_it_was_written(claims: IdentifierClaims) -> None:
    key, free, owner = a_key(), a_key(), new_id()
    written = await claims.claim(key, owner, None)
    assert written is not None
    assert (written.key, written.owner) == (key, owner)
    assert await claims.read([key, free]) == [written]
    assert await claims.read([]) == []


async def test_only_one_of_several_claims_is_written(claims: IdentifierClaims) -> None:
    key = a_key()
    written = await asyncio.gather(*(claims.claim(key, new_id(), None) for _ in range(5)))
    (winner,) = [claim for claim in written if claim is not None]
    assert await claims.read([key]) == [winner]


async def test_a_claim_is_replaced_only_if_nothing_changed(claims: IdentifierClaims) -> None:
    key, second, third = a_key(), new_id(), new_id()
    first = await claims.claim(key, new_id(), None)
    replaced = await claims.claim(key, second, first)
    assert replaced is not None
    assert await claims.claim(key, third, first) is None
    assert await claims.claim(key, third, None) is None
    assert await claims.claim(a_key(), third, Claim(a_key(), second, replaced.etag)) is None
    assert await claims.read([key]) == [replaced]


async def test_a_claim_is_released_only_if_nothing_changed(claims: IdentifierClaims) -> None:
    key = a_key()
    first = await claims.claim(key, new_id(), None)
    second = await claims.claim(key, new_id(), first)
    assert first is not None
    assert second is not None
    await claims.release(first)
    assert await claims.read([key]) == [second]
    for _ in range(2):
        await claims.release(second)
    assert await claims.read([key]) == []


async def test_many_claims_are_read_at_once(claims: IdentifierClaims) -> None:
    keys = [a_key() for _ in range(100)]
    written = {key: await claims.claim(key, new_id(), None) for key in keys[:50]}
    assert {claim.key: claim for claim in await claims.read(keys)} == written
