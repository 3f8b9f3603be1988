"""Looking up the ids of references by their identifiers."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from exchange.contract.identifiers import IdentifierType, OtherIdentifier
from exchange.contract.lookup import GivenIdentifier, LookedUpReference, LookedUpReferences
from exchange.domain.callers import User
from exchange.domain.identifier_keys import make_key
from exchange.ports import Services


async def look_up_references(given: Sequence[GivenIdentifier], user: User, services: Services) -> LookedUpReferences:
    """Return the id of the reference with each identifier, in order. Raises Unavailable.

    The id is null for an unknown, a pending and a hidden reference alike. Only operators see hidden ones.
    """
    # In threads, because there may be many, and the event loop is shared by all invocations.
    keys = await asyncio.to_thread(lambda: [make_key(item.identifier) for item in given])
    owners = {claim.key: claim.owner for claim in await services.claims.read(dict.fromkeys(keys))}
    missing = await services.references.find_missing(set(owners.values()), include_hidden=user.is_operator)
    visible = {key: owner for key, owner in owners.items() if owner not in missing}
    return await asyncio.to_thread(_describe, given, [visible.get(key) for key in keys])


def _describe(given: Sequence[GivenIdentifier], ids: Sequence[UUID | None]) -> LookedUpReferences:
    return LookedUpReferences(
        references=[
            LookedUpReference(
                identifier=item.value,
                identifier_type=IdentifierType(item.identifier.identifier_type),
                other_identifier_name=_find_name(item),
                id=reference_id,
            )
            for item, reference_id in zip(given, ids, strict=True)
        ]
    )


def _find_name(item: GivenIdentifier) -> str | None:
    return item.identifier.other_identifier_name if isinstance(item.identifier, OtherIdentifier) else None
