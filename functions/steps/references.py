"""References are looked at, by their ids or by their identifiers."""

from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from functions.contract.base import faults
from functions.contract.enhancements import Visibility
from functions.contract.identifiers import ExternalIdentifier
from functions.contract.references import Reference, ReferenceQuery
from functions.domain.callers import Member
from functions.domain.errors import InputRejected, NotFound
from functions.domain.selection import EVERYTHING
from functions.ports import Services

_IDENTIFIER: TypeAdapter[ExternalIdentifier] = TypeAdapter(ExternalIdentifier)


async def read_reference(reference_id: UUID, caller: Member, services: Services) -> Reference:
    """Return a reference with all that is known of it; what is hidden, to operators only. Raises NotFound."""
    async for reference in services.references.snapshot([reference_id], EVERYTHING):
        if caller.operates:
            return reference
        if reference.visibility is not Visibility.HIDDEN:
            shown = [one for one in reference.enhancements or [] if one.visibility is not Visibility.HIDDEN]
            return reference.model_copy(update={"enhancements": shown})
    raise NotFound(f"There is no reference {reference_id}.")


async def find_reference(query: ReferenceQuery, caller: Member, services: Services) -> Reference:
    """Return the reference that has this identifier; raises NotFound, InputRejected for what can be none."""
    asked = query.model_dump_json(exclude_none=True).encode()
    try:
        identifier = _IDENTIFIER.validate_json(asked)
    except ValidationError as error:
        raise InputRejected(*(f"{fault}." for fault in faults(error, asked))) from error
    reference_id = await services.references.find(identifier)
    if reference_id is None:
        raise NotFound("No reference has this identifier.")
    return await read_reference(reference_id, caller, services)
