"""Deleting a reference."""

from uuid import UUID

from exchange.domain.identifier_keys import make_key
from exchange.ports import Services
from exchange.use_cases.load_reference import read_one


async def delete_reference(reference_id: UUID, services: Services) -> None:
    """Delete a reference with its identifiers and enhancements. Raises NotFound if it does not exist.

    The claims are released first. So after an interruption the reference still exists, and the call can be repeated. A
    batch that is working on the reference goes on: what its robot delivers for it is stored, but never read.
    """
    reference = await read_one(reference_id, services)
    keys = [make_key(identifier) for identifier in reference.identifiers or []]
    for claim in await services.claims.read(keys):
        if claim.owner == reference_id:
            await services.claims.release(claim)
    await services.references.delete(reference_id)
