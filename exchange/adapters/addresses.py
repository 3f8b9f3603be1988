"""The check of an address that the exchange is asked to call, before it is stored."""

from yarl import URL

from exchange.adapters.guarded_connector import resolve
from exchange.domain.public_addresses import find_url_faults, is_public


async def find_address_faults(url: str, field: str) -> list[str]:
    """Return why the address in this field may not be called. Only https and public addresses may be."""
    faults = find_url_faults(url, field)
    try:
        addresses = await resolve(URL(url).host or "")
    except (OSError, ValueError):
        return [*faults, f"The host of {field} cannot be resolved."]
    if not all(map(is_public, addresses)):
        faults.append(f"The host of {field} has an address that is not public.")
    return faults
