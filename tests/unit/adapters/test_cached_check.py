import asyncio

import pytest

from exchange.adapters.cached_check import CachedCheck
from exchange.domain.errors import Unavailable


class Dependency:
    def __init__(self, error: Exception | None = None) -> None:
        self.checks = 0
        self.error = error

    async def check(self) -> None:
        self.checks += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error


async def test_concurrent_calls_share_one_check() -> None:
    dependency = Dependency()
    cached = CachedCheck(dependency)
    await asyncio.gather(*(cached.check() for _ in range(500)))
    assert dependency.checks == 1
    cached._checked_at -= 6
    await cached.check()
    assert dependency.checks == 2


@pytest.mark.parametrize("error", [Unavailable("down"), ValueError("a bug"), PermissionError("403")])
async def test_any_error_means_that_the_dependency_is_down(error: Exception) -> None:
    cached = CachedCheck(Dependency(error))
    for _ in range(2):
        with pytest.raises(Unavailable):
            await cached.check()
