"""What a command is told: which environment, and the variables that `make` hands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

ENVIRONMENTS = ("dev", "prod")


@dataclass(frozen=True, slots=True)
class Options:
    """What to work on, and how."""

    environment: str
    location: str = ""
    alert_email: str = ""
    robot: str = ""
    yes: bool = False
    with_entra: bool = False

    @classmethod
    def read(cls, environment: str, variables: Mapping[str, str]) -> Self:
        """Read the variables."""
        given = {name: value.strip() for name, value in variables.items()}
        return cls(
            environment=environment,
            location=given.get("LOCATION", ""),
            alert_email=given.get("ALERT_EMAIL", ""),
            robot=given.get("ROBOT", ""),
            yes=given.get("YES") == "1",
            with_entra=given.get("ENTRA") == "1",
        )

    @property
    def name(self) -> str:
        """The name of the resource group, and of the application in Entra."""
        return f"enhancement-exchange-{self.environment}"
