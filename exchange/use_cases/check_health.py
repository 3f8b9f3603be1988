"""The health of the exchange: whether all of its dependencies answer."""

import asyncio

from exchange.contract.health import Health
from exchange.domain.errors import Unavailable
from exchange.ports import Services


async def check_health(services: Services) -> Health:
    """Check each dependency. Raises Unavailable that names those that are down."""
    checks = (dependency.check() for dependency in services.dependencies.values())
    errors = await asyncio.gather(*checks, return_exceptions=True)
    down = [name for name, error in zip(services.dependencies, errors, strict=True) if error is not None]
    if down:
        raise Unavailable(f"Not available: {', '.join(down)}.")
    return Health(status="healthy")
