"""Who calls, and which batches they may see."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from functions.domain.batch import Batch
from functions.domain.errors import Forbidden


class Role(StrEnum):
    """What an access token may allow, by the names of the app roles."""

    REQUESTOR = "requestor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever showed an access token: a person or a program; `id` is the same in every token of theirs."""

    id: str
    roles: frozenset[Role]

    @property
    def operates(self) -> bool:
        """Whether robots, references and everyone's batches are theirs to look after."""
        return Role.OPERATOR in self.roles


@dataclass(frozen=True, slots=True)
class CallingRobot:
    """A robot that signed its call."""

    id: UUID


Caller = Member | CallingRobot


def check_may_see(caller: Caller, batch: Batch) -> None:
    """Let pass whoever asked for the batch, the robot that it is for, and operators; raises Forbidden."""
    match caller:
        case CallingRobot():
            allowed = caller.id == batch.robot_id
        case Member():
            allowed = caller.operates or caller.id == batch.requestor
    if not allowed:
        raise Forbidden("This batch request is not yours.")
