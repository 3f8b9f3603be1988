"""Deleting a reference."""

from uuid import UUID

from exchange.domain.identifier_keys import make_key
from exchange.ports import Services
from exchange.use_cases.read_references import read_own


async def delete_reference(reference_id: UUID, services: Services) -> None:
    """Delete a reference with its identifiers and enhancements. Raises NotFound if it does not exist.

    After an interruption the call can be repeated, as long as the reference exists. The claims are released last: a
    claim of a reference that does not exist is pending, and the next load of the identifier takes it over. A batch that
    is working on the reference goes on: what its robot delivers for it is stored, but never read.
    """
    reference = await read_own(reference_id, services)
    await services.references.delete(reference_id)
    keys = [make_key(identifier) for identifier in reference.identifiers or []]
    for claim in await services.claims.read(keys):
        if claim.owner == reference_id:
            await services.claims.release(claim)
