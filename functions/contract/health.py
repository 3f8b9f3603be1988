"""What the exchange says of its own health."""

from typing import Literal

from functions.contract.base import WireModel


class Health(WireModel):
    """All that the exchange depends on answers."""

    status: Literal["healthy"]
