"""Whether everything is there that the exchange depends on."""

import asyncio
from collections.abc import Awaitable

from functions.contract.health import Health
from functions.domain.errors import Unavailable
from functions.ports import Services

_PATIENCE_S = 5.0


async def check_health(services: Services) -> Health:
    """Reach each dependency; raises Unavailable naming those that are down."""
    checks = {name: _is_there(dependency.check()) for name, dependency in services.dependencies.items()}
    there = await asyncio.gather(*checks.values())
    down = [name for name, is_there in zip(checks, there, strict=True) if not is_there]
    if down:
        raise Unavailable(f"Down: {', '.join(down)}.")
    return Health(status="healthy")


async def _is_there(check: Awaitable[None]) -> bool:
    try:
        await asyncio.wait_for(check, _PATIENCE_S)
    except (Unavailable, TimeoutError):
        return False
    return True
