"""Which reference an identifier belongs to: one item an identifier."""

import hashlib
import json
from uuid import UUID

from azure.cosmos.aio import ContainerProxy

from functions.adapters.azure_errors import translated
from functions.contract.identifiers import DOIIdentifier, ExternalIdentifier, OtherIdentifier
from functions.domain.errors import InputRejected, NameTaken, NotFound


def key_of(identifier: ExternalIdentifier) -> str:
    """Name the identifier's item: a digest, as an id can't hold every mark that an identifier can.

    DOIs are the same whatever their case.
    """
    value = str(identifier.identifier)
    scheme = [str(identifier.identifier_type)]
    if isinstance(identifier, DOIIdentifier):
        value = value.lower()
    if isinstance(identifier, OtherIdentifier):
        scheme.append(identifier.other_identifier_name)
    # As JSON, in which no part can be taken for two.
    return hashlib.sha256(json.dumps([*scheme, value]).encode()).hexdigest()


async def owner_of(container: ContainerProxy, key: str) -> UUID | None:
    """Return the reference that the identifier belongs to, if any."""
    try:
        with translated("identifier"):
            item = await container.read_item(key, partition_key=key)
    except NotFound:
        return None
    return UUID(item["reference_id"])


async def claim(container: ContainerProxy, key: str, reference_id: UUID) -> None:
    """Make the identifier this reference's; raises InputRejected if it is another's already."""
    try:
        with translated("identifier"):
            await container.create_item({"id": key, "reference_id": str(reference_id)})
    except NameTaken as error:
        if await owner_of(container, key) != reference_id:
            raise InputRejected("One of the identifiers belongs to another reference.") from error
