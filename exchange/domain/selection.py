"""Which parts of a reference a reader gets."""

from dataclasses import dataclass

from exchange.contract.enhancements import EnhancementType
from exchange.contract.identifiers import IdentifierType
from exchange.contract.robots import RobotIn


@dataclass(frozen=True, slots=True)
class Selection:
    """The types of enhancements and identifiers to include. All other types are left out."""

    enhancements: frozenset[EnhancementType]
    identifiers: frozenset[IdentifierType]


EVERYTHING = Selection(frozenset(EnhancementType), frozenset(IdentifierType))


def select_for_robot(robot: RobotIn) -> Selection:
    """Select the types that the robot depends on."""
    return Selection(frozenset(robot.dependent_enhancements), frozenset(robot.dependent_identifiers))
