"""Which reference an identifier belongs to: one item an identifier."""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy

from functions.adapters.azure_errors import creating, translated
from functions.contract.identifiers import DOIIdentifier, ExternalIdentifier, OtherIdentifier
from functions.domain.errors import NameTaken, NotFound, Stale


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


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose an identifier is, as it was read."""

    key: str
    owner: UUID
    etag: str


async def claim_of(container: ContainerProxy, key: str) -> Claim | None:
    """Return the claim on an identifier, if there is one."""
    try:
        with translated("identifier"):
            item = await container.read_item(key, partition_key=key)
    except NotFound:
        return None
    return Claim(key, UUID(item["reference_id"]), item["_etag"])


async def claim(container: ContainerProxy, key: str, owner: UUID, before: Claim | None) -> bool:
    """Make the identifier this reference's, if it is still as it was read; say whether it is now."""
    item = {"id": key, "reference_id": str(owner)}
    try:
        if before is None:
            with creating("identifier"):
                await container.create_item(item)
        elif before.owner != owner:
            with translated("identifier"):
                await container.replace_item(key, item, etag=before.etag, match_condition=MatchConditions.IfNotModified)
    except (NameTaken, NotFound, Stale):
        return False
    return True


async def release(container: ContainerProxy, key: str) -> None:
    """Give up a claim of one's own that nothing was written for."""
    try:
        with translated("identifier"):
            await container.delete_item(key, partition_key=key)
    except NotFound:
        pass
