"""The robot: what its author says about it, and the author's function."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TypeVar

from exchange.contract.robots import MAX_VERSION_LENGTH
from exchange.robots import command
from exchange.robots.entries import EntryWriter
from exchange.robots.functions import AuthorFunction, Judge, ManyFunction, OneFunction
from exchange.robots.reference import Needs

One = TypeVar("One", bound=OneFunction)
Many = TypeVar("Many", bound=ManyFunction)

# Whether the module of a robot is imported to find the robot. It may end with `robot.main()`, which would serve it.
IMPORTING: ContextVar[bool] = ContextVar("importing", default=False)


class Robot:
    """A robot that enhances references by one function, which `enhance` or `enhance_many` registers.

    `needs` has the types of enhancements and identifiers that the robot depends on, as in its registration. `source`
    is the `source` of its enhancements. Raise `version` whenever the robot would write other enhancements.
    """

    def __init__(
        self, name: str, version: str | None = None, needs: Sequence[str] = (), source: str | None = None
    ) -> None:
        if not name:
            raise ValueError("a robot needs a name")
        if version is not None and not 1 <= len(version) <= MAX_VERSION_LENGTH:
            raise ValueError(f"version must have 1 to {MAX_VERSION_LENGTH} characters")
        self.name = name
        self.version = version
        self.needs = Needs(needs)
        self.source = source or name
        self._function: AuthorFunction | None = None

    def enhance(self, function: One) -> One:
        """Register the function that enhances one reference. It may be async, and it may yield several additions."""
        self._register(AuthorFunction.of_one(function))
        return function

    def enhance_many(self, size: int = 32) -> Callable[[Many], Many]:
        """Register the function that enhances a list of at most `size` references.

        It returns or yields one result for each, in their order. It may be async.
        """
        if size < 1:
            raise ValueError("size must be at least 1")

        def register(function: Many) -> Many:
            self._register(AuthorFunction.of_many(function, size))
            return function

        return register

    def make_judge(self, workers: int) -> Judge:
        """Return what applies the function to references."""
        if self._function is None:
            raise ValueError("the robot has no function: register one with @robot.enhance or @robot.enhance_many()")
        return Judge(self._function, EntryWriter(self.source, self.version, self.needs), workers)

    def main(self, argv: Sequence[str] | None = None) -> None:
        """Run the command line: serve the robot, or try its function on a file."""
        if not IMPORTING.get():
            command.run(self, argv)

    def _register(self, function: AuthorFunction) -> None:
        if self._function is not None:
            raise ValueError("the robot has a function already")
        self._function = function
