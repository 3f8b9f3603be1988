"""What of a reference somebody is to see."""

from dataclasses import dataclass

from functions.contract.enhancements import EnhancementType
from functions.contract.identifiers import IdentifierType
from functions.contract.robots import RobotIn


@dataclass(frozen=True, slots=True)
class Selection:
    """The types of enhancements and identifiers; all others are left out."""

    enhancements: frozenset[EnhancementType]
    identifiers: frozenset[IdentifierType]


EVERYTHING = Selection(frozenset(EnhancementType), frozenset(IdentifierType))


def of_robot(robot: RobotIn) -> Selection:
    """Select what the robot depends on."""
    return Selection(frozenset(robot.dependent_enhancements), frozenset(robot.dependent_identifiers))
