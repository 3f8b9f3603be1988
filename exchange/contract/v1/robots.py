"""Robots that fetch their jobs. The SDK calls the models `RobotIn`, `Robot` and `ProvisionedRobot`."""

from typing import Any, Self

from pydantic import UUID4, Field, SerializerFunctionWrapHandler, model_serializer

from exchange.contract.base import MAX_TEXT_LENGTH, BaseUrlText, WireModel
from exchange.contract.robots import Delivery, ProvisionedRobot, Robot

# Published 0.1 clients require a `base_url` of every robot. This domain can never exist.
NO_BASE_URL = "https://no-base-url.invalid"


class PullRobotIn(WireModel):
    """The registration of a robot that fetches its jobs. Other fields, such as `entitlements`, are ignored."""

    name: str = Field(min_length=1, max_length=MAX_TEXT_LENGTH, description="Unique among robots.")
    base_url: BaseUrlText | None = Field(
        None, description="Never called. `destiny-sdk` 0.4 requires it. Left out if the robot has none."
    )
    description: str = Field(max_length=10 * MAX_TEXT_LENGTH)
    owner: str = Field(max_length=MAX_TEXT_LENGTH, description="Who is responsible for the robot.")

    @model_serializer(mode="wrap")
    def _omit_no_base_url(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out `base_url` if there is none: `destiny-sdk` 0.5 and newer refuse fields that they do not know."""
        dumped: dict[str, Any] = fields(self)
        return {name: value for name, value in dumped.items() if name != "base_url" or value is not None}

    def to_stored(self) -> dict[str, Any]:
        """Return the fields of the stored robot."""
        return {**dict(self), "base_url": self.base_url or NO_BASE_URL, "delivery": Delivery.PULL}


class PullRobot(PullRobotIn):
    """A registered robot, without what this protocol does not have."""

    id: UUID4

    @classmethod
    def of(cls, robot: Robot) -> Self:
        """Return a robot as this protocol has it.

        The address of a robot that the exchange calls is left out: here it would mean that the SDK is of release 0.4.
        """
        return cls(**_list_fields(robot))


class ProvisionedPullRobot(PullRobot):
    """A robot with its secret. The secret is shown on registration and when it is cycled, and never again."""

    client_secret: str = Field(repr=False, description="The secret for signatures, 64 hex digits.")

    @classmethod
    def of_provisioned(cls, robot: ProvisionedRobot) -> Self:
        """Return a robot as this protocol has it."""
        return cls(**_list_fields(robot), client_secret=robot.client_secret)


def _list_fields(robot: Robot) -> dict[str, Any]:
    has_own = robot.delivery is Delivery.PULL and robot.base_url != NO_BASE_URL
    base_url = robot.base_url if has_own else None
    return {
        "id": robot.id,
        "name": robot.name,
        "base_url": base_url,
        "description": robot.description,
        "owner": robot.owner,
    }
