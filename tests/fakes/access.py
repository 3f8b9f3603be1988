"""Tokens and dependencies in memory."""

from functions.domain.callers import Member
from functions.domain.errors import NotAuthenticated, Unavailable


class FakeTokens:
    """Takes the tokens that the test puts there."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}

    async def member(self, token: str) -> Member:
        if token not in self.members:
            raise NotAuthenticated("The access token does not hold.")
        return self.members[token]


class FakeDependency:
    def __init__(self) -> None:
        self.down = False

    async def check(self) -> None:
        if self.down:
            raise Unavailable("It is down.")
