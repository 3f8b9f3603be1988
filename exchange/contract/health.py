"""The answer of the health endpoint."""

from typing import Literal

from exchange.contract.base import WireModel


class Health(WireModel):
    """Every dependency of the exchange answers."""

    status: Literal["healthy"]
