"""In-memory fakes of `Tokens` and `Dependency`."""

from exchange.domain.callers import User
from exchange.domain.errors import NotAuthenticated, Unavailable


class FakeTokens:
    """Accepts the tokens that a test adds to `users`."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}

    async def authenticate(self, token: str) -> User:
        if token not in self.users:
            raise NotAuthenticated("The access token is invalid.")
        return self.users[token]


class FakeDependency:
    def __init__(self) -> None:
        self.down = False

    async def check(self) -> None:
        if self.down:
            raise Unavailable("The dependency is down.")
