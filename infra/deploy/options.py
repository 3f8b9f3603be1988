"""The options of a command: the environment, and the variables that `make` passes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

ENVIRONMENTS = ("dev", "prod")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a command."""

    environment: str
    location: str = ""
    alert_email: str = ""
    robot: str = ""
    client_id: str = ""
    yes: bool = False
    with_entra: bool = False

    @classmethod
    def read(cls, environment: str, variables: Mapping[str, str]) -> Self:
        """Read the options from environment variables."""
        values = {name: value.strip() for name, value in variables.items()}
        return cls(
            environment=environment,
            location=values.get("LOCATION", ""),
            alert_email=values.get("ALERT_EMAIL", ""),
            robot=values.get("ROBOT", ""),
            client_id=values.get("CLIENT_ID", ""),
            yes=values.get("YES") == "1",
            with_entra=values.get("ENTRA") == "1",
        )

    @property
    def name(self) -> str:
        """The name of the resource group, and of the application in Entra."""
        return f"enhancement-exchange-{self.environment}"
