"""Loading one reference. Its identifiers decide whether it is new.

A claim on an identifier is in one of three states:

    free      there is no claim on the identifier
    pending   the reference that claims it does not exist: its load is about to write it, or was interrupted
    settled   the reference that claims it exists, so the identifier is known. Such a claim is never released: other
              loads rely on it

A load claims the free identifiers, in the same order as every other load, and then writes. It waits for a pending claim
to become settled. If that takes too long, the other load was interrupted. Then this load forbids that the other
reference is ever created, in case the other load is only slow, and takes over its claims. So at any moment at most one
reference has an identifier, however many loads run and wherever they stop.
"""

import asyncio
from collections.abc import Iterable, Mapping
from uuid import UUID

from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import LoadedReference, OnExisting, Reference, ReferenceFileInput
from exchange.domain.errors import Conflict, InputRejected, NameTaken, NotFound, Unavailable, WriteConflict
from exchange.domain.identifier_keys import describe_identifier, make_key
from exchange.domain.loading import find_additions, find_load_fault, list_identities, make_reference
from exchange.domain.report import to_one_line
from exchange.domain.selection import EVERYTHING
from exchange.ports import Claim, Services

# How often a load looks at the claims, and how often it waits for the same pending references.
_CHECKS = 60
_WAITS = 19
_CHECK_DELAY_S = 0.5


class _OvertakenError(Exception):
    """Another load or a deletion was faster. Look again."""


async def load_reference(
    loaded: ReferenceFileInput, services: Services, on_existing: OnExisting = OnExisting.MERGE
) -> LoadedReference:
    """Load a reference under a new id, or do what `on_existing` says if one of its identifiers is known.

    A repeated call changes nothing more, unless the reference has no identifier: then it is new each time.
    Raises InputRejected if it is empty, cannot be stored, or has identifiers of different references, Conflict for a
    known reference if `on_existing` is `fail`, and Unavailable.
    """
    if fault := find_load_fault(loaded):
        raise InputRejected(fault)
    identifiers = {make_key(identifier): identifier for identifier in loaded.identifiers or []}
    if not identifiers:
        return await _create(services.new_id(), loaded, services)
    waits, waited_for = 0, set[UUID]()
    for _ in range(_CHECKS):
        claims = {claim.key: claim for claim in await services.claims.read(identifiers)}
        owners = {claim.owner for claim in claims.values()}
        pending = await services.references.find_missing(owners)
        known = _get_known(owners - pending, claims, identifiers)
        if known is not None and on_existing is not OnExisting.MERGE:
            return _keep(known, on_existing)
        waits, waited_for = (waits + 1 if pending == waited_for else 1), pending
        if pending and waits <= _WAITS:
            await asyncio.sleep(_CHECK_DELAY_S)
            continue
        try:
            for owner in pending:
                await services.references.forbid(owner)
            return await _claim_and_write(loaded, known, _in_order(identifiers, claims), services)
        except (_OvertakenError, NameTaken, WriteConflict):
            continue
    raise Unavailable("Other callers are loading or deleting references with the same identifiers. Try again.")


def _get_known(
    settled: set[UUID], claims: Mapping[str, Claim], identifiers: Mapping[str, ExternalIdentifier]
) -> UUID | None:
    """Return the known reference. None if there is none. Raises InputRejected if there are several."""
    if len(settled) > 1:
        owned = ", ".join(
            f"{describe_identifier(identifiers[key])} belongs to {claim.owner}"
            for key, claim in claims.items()
            if claim.owner in settled
        )
        raise InputRejected(to_one_line(f"The identifiers belong to different references: {owned}."))
    return next(iter(settled), None)


def _keep(known: UUID, on_existing: OnExisting) -> LoadedReference:
    if on_existing is OnExisting.FAIL:
        raise Conflict(f"A reference with one of these identifiers exists already: {known}.")
    return LoadedReference(id=known, existing=True)


def _in_order(identifiers: Iterable[str], claims: Mapping[str, Claim]) -> dict[str, Claim | None]:
    """Return the claim on each identifier, or None, in the order in which every load claims."""
    return {key: claims.get(key) for key in sorted(identifiers)}


async def _claim_and_write(
    loaded: ReferenceFileInput, known: UUID | None, claims: Mapping[str, Claim | None], services: Services
) -> LoadedReference:
    """Claim the identifiers for the known or for a new reference, and write it.

    If a new reference is not created, its claims are released. Those of a known one are settled, so they stay.
    """
    owner = known or services.new_id()
    written: list[Claim] = []
    try:
        for key, before in claims.items():
            if before is None or before.owner != owner:
                written.append(await _claim(key, owner, before, services))
        return await (_merge(owner, loaded, services) if known else _create(owner, loaded, services))
    except (_OvertakenError, InputRejected, NameTaken):
        if known is None:
            for claim in written:
                await services.claims.release(claim)
        raise


async def _claim(key: str, owner: UUID, before: Claim | None, services: Services) -> Claim:
    claim = await services.claims.claim(key, owner, before)
    if claim is None:
        raise _OvertakenError
    return claim


async def _create(reference_id: UUID, loaded: ReferenceFileInput, services: Services) -> LoadedReference:
    reference = make_reference(reference_id, loaded, services.clock())
    await services.references.create(reference)
    return _describe_added(reference, len(reference.identifiers or []), len(reference.enhancements or []))


async def _merge(reference_id: UUID, loaded: ReferenceFileInput, services: Services) -> LoadedReference:
    """Add what the known reference does not have."""
    try:
        known, identities = await _read_known(reference_id, services)
        additions = find_additions(known, identities, make_reference(reference_id, loaded, services.clock()))
        identifiers = 0
        if additions.identifiers:
            identifiers = await services.references.add_identifiers(reference_id, additions.identifiers)
    except NotFound as error:
        raise _OvertakenError from error
    enhancements = await services.references.add_enhancements(additions.enhancements)
    result = _describe_added(known, identifiers, enhancements)
    return result.model_copy(update={"existing": True, "warnings": _find_warnings(loaded, known)})


async def _read_known(reference_id: UUID, services: Services) -> tuple[Reference, set[bytes]]:
    """Return the reference without its enhancements, and what identifies these. Raises NotFound."""
    known: Reference | None = None
    identities: set[bytes] = set()
    async for parts in services.references.stream([reference_id], EVERYTHING):
        for part in parts:
            known = part.reference.model_copy(update={"enhancements": None})
            identities |= await asyncio.to_thread(list_identities, part.reference)
    if known is None:
        raise NotFound(f"The reference {reference_id} does not exist.")
    return known, identities


def _describe_added(reference: Reference, identifiers: int, enhancements: int) -> LoadedReference:
    return LoadedReference(id=reference.id, added_identifiers=identifiers, added_enhancements=enhancements)


def _find_warnings(loaded: ReferenceFileInput, known: Reference) -> list[str]:
    """Name what the load does not change. A field that is left out asks for no change."""
    if "visibility" not in loaded.model_fields_set or loaded.visibility is known.visibility:
        return []
    return ["The visibility of the known reference does not change."]
