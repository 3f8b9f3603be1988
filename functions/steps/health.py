"""Whether everything is there that the exchange depends on."""

import asyncio

from functions.contract.health import Health
from functions.domain.errors import Unavailable
from functions.ports import Services


async def check_health(services: Services) -> Health:
    """Reach each dependency; raises Unavailable naming those that are down."""
    looks = (dependency.check() for dependency in services.dependencies.values())
    seen = await asyncio.gather(*looks, return_exceptions=True)
    down = [name for name, wrong in zip(services.dependencies, seen, strict=True) if wrong is not None]
    if down:
        raise Unavailable(f"Down: {', '.join(down)}.")
    return Health(status="healthy")
