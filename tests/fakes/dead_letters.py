"""In-memory fake of `DeadLetterStore`."""

from collections.abc import AsyncGenerator, Collection
from itertools import count

from exchange.contract.operations import MAX_COUNTED
from exchange.domain.blob_names import result
from exchange.domain.dead_letters import DeadLetter, DeadLetterPage, ResendResult, report_missing
from exchange.domain.errors import Unavailable
from exchange.ports import Revalidate


class FakeDeadLetterStore:
    """Holds dead letters in their order. `sends` says that they are messages, and not events of uploads."""

    def __init__(self, *, sends: bool) -> None:
        self.sends = sends
        self.letters: dict[str, DeadLetter] = {}
        # The names of the messages that were sent again.
        self.sent: list[str] = []
        self.down = False
        self._numbers = count(1)

    def add(self, *letters: DeadLetter) -> None:
        for letter in letters:
            self.letters[letter.name] = letter

    def add_many(self, number: int) -> list[str]:
        """Add dead letters about no batch, and return their names."""
        names = [str(next(self._numbers)) for _ in range(number)]
        self.add(*(DeadLetter(name=name) for name in names))
        return names

    async def count(self) -> int:
        self._check()
        return min(len(self.letters), MAX_COUNTED)

    async def list_first(self, limit: int) -> DeadLetterPage:
        self._check()
        return DeadLetterPage(list(self.letters.values())[:limit], len(self.letters) > limit)

    async def resend(self, names: Collection[str] | None, revalidate: Revalidate) -> AsyncGenerator[ResendResult, None]:
        self._check()
        found = [name for name in self.letters if names is None or name in names]
        for name in found:
            letter, fault = self.letters[name], None
            for batch_id in () if self.sends else letter.batch_ids:
                fault = fault or await revalidate(result(batch_id))
            if fault is None:
                del self.letters[name]
                self.sent += [name] if self.sends else []
            yield ResendResult(name, fault)
        for missing in report_missing(set(names or ()) - set(found)):
            yield missing

    def _check(self) -> None:
        if self.down:
            raise Unavailable("The dead letters cannot be reached.")
