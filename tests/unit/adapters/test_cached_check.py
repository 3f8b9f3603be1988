import asyncio

import pytest

from exchange.adapters.cached_check import CachedCheck
from exchange.domain.errors import Unavailable


class Dependency:
    def __init__(self, error: Exception | None = None) -> None:
        self.looks = 0
        self.error = error

    async def check(self) -> None:
        self.looks += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


async def test_however_many_ask_one_looks() -> None:
    dependency = Dependency()
    remembered = CachedCheck(dependency)
    await asyncio.gather(*(remembered.check() for _ in range(500)))
    assert dependency.looks == 1
    remembered._seen_at -= 6
    await remembered.check()
    assert dependency.looks == 2


@pytest.mark.parametrize("error", [Unavailable("down"), ValueError("a bug"), PermissionError("403")])
async def test_whatever_is_wrong_it_is_down(error: Exception) -> None:
    remembered = CachedCheck(Dependency(error))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await remembered.check()
