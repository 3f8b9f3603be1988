"""Reading references, by id or by identifier."""

import re
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from exchange.contract.base import describe_faults
from exchange.contract.enhancements import Visibility
from exchange.contract.identifiers import ExternalIdentifier, IdentifierType
from exchange.contract.references import EnhancementsQuery, Reference, ReferenceQuery, ReferenceRead
from exchange.domain.callers import User
from exchange.domain.errors import InputRejected, NotFound
from exchange.domain.identifier_keys import make_key
from exchange.domain.paging import EnhancementFilter
from exchange.domain.selection import EVERYTHING, Selection
from exchange.ports import Services

# A query has text only. Without this check the parser would also accept "28_905_911", "28905911.0" and "+28905911".
_PUBMED_ID = re.compile(r"[0-9]+")
_OWN = Selection(frozenset(), EVERYTHING.identifiers)
_IDENTIFIER: TypeAdapter[ExternalIdentifier] = TypeAdapter(ExternalIdentifier)


async def read_own(reference_id: UUID, services: Services) -> Reference:
    """Return the reference without its enhancements, also if it is hidden. Raises NotFound."""
    async for parts in services.references.stream([reference_id], _OWN):
        for part in parts:
            return part.reference
    raise NotFound(f"The reference {reference_id} does not exist.")


async def read_reference(reference_id: UUID, query: EnhancementsQuery, user: User, services: Services) -> ReferenceRead:
    """Return a reference with a page of its enhancements. Only operators see hidden ones. Raises NotFound."""
    wanted = EnhancementFilter(query.enhancements_limit, query.continuation, user.is_operator)
    page = await services.references.read_page(reference_id, wanted)
    if page is None or (page.reference.visibility is Visibility.HIDDEN and not user.is_operator):
        raise NotFound(f"The reference {reference_id} does not exist.")
    fields = {name: getattr(page.reference, name) for name in Reference.model_fields}
    return ReferenceRead.model_construct(**fields, enhancements_continuation=page.continuation)


async def find_reference(query: ReferenceQuery, user: User, services: Services) -> ReferenceRead:
    """Return the reference with this identifier. Raises NotFound, and InputRejected for an invalid identifier."""
    if query.identifier_type is IdentifierType.PM_ID and not _PUBMED_ID.fullmatch(query.identifier):
        raise InputRejected("identifier must be a PubMed id, which has digits only.")
    query_json = query.model_dump_json(exclude_none=True).encode()
    try:
        identifier = _IDENTIFIER.validate_json(query_json)
    except ValidationError as error:
        raise InputRejected(*(f"{fault}." for fault in describe_faults(error, query_json))) from error
    # The same answer for an unknown, a pending and a hidden reference.
    unknown = "No reference has this identifier."
    claims = await services.claims.read([make_key(identifier)])
    if not claims:
        raise NotFound(unknown)
    try:
        return await read_reference(claims[0].owner, query, user, services)
    except NotFound as error:
        raise NotFound(unknown) from error
