"""Authenticated callers, and which batch requests they may see."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from exchange.domain.batch import Batch
from exchange.domain.errors import Conflict, Forbidden

# The permission to call the exchange as a user. `infra/deploy/entra.py` defines it in Entra.
SCOPE = "access"


class Role(StrEnum):
    """The app roles that an access token may carry."""

    REQUESTOR = "requestor"
    CONTRIBUTOR = "contributor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class User:
    """A person or a program with an access token. `id` is the same in all of the user's tokens."""

    id: str
    roles: frozenset[Role]

    @property
    def is_operator(self) -> bool:
        """Whether the user may manage robots and references and see the batch requests of all requestors."""
        return Role.OPERATOR in self.roles


@dataclass(frozen=True, slots=True)
class CallingRobot:
    """A robot that signed its request. `is_called` says that the exchange calls it: it has nothing to fetch."""

    id: UUID
    is_called: bool = False


Caller = User | CallingRobot


def check_may_see(caller: Caller, batch: Batch) -> None:
    """Raise Forbidden unless the caller is the batch's requestor, its robot, or an operator."""
    match caller:
        case CallingRobot():
            allowed = caller.id == batch.robot_id
        case User():
            allowed = caller.is_operator or caller.id == batch.requestor
    if not allowed:
        raise Forbidden("This batch request belongs to another caller.")


def check_is_request(batch: Batch) -> None:
    """Raise Conflict if this is a part of a batch request."""
    if batch.part is not None:
        raise Conflict(f"This is part {batch.part.number} of the batch request {batch.part.of}. Use the batch request.")
