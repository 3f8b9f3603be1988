"""The robot kit: an author writes one function, and the kit does the protocol. docs/robots.md explains how."""

from exchange.contract.enhancements import Annotation
from exchange.robots.contents import abstract, annotation, bibliographic, location
from exchange.robots.errors import CannotJudge, SystematicFailure
from exchange.robots.reference import Reference
from exchange.robots.robot import Robot

__all__ = [
    "Annotation",
    "CannotJudge",
    "Reference",
    "Robot",
    "SystematicFailure",
    "abstract",
    "annotation",
    "bibliographic",
    "location",
]
