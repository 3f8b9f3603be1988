"""Which reference an identifier belongs to: one item per identifier."""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from azure.core import MatchConditions
from azure.cosmos.aio import ContainerProxy

from exchange.adapters.azure_errors import translate_create_errors, translate_errors
from exchange.adapters.cosmos.versions import FIELD, SCHEMA_VERSION, check_version
from exchange.contract.identifiers import DOIIdentifier, ExternalIdentifier, OtherIdentifier
from exchange.domain.errors import NameTaken, NotFound, WriteConflict


def make_key(identifier: ExternalIdentifier) -> str:
    """Return the id of the identifier's item: a digest, because item ids allow fewer characters than identifiers.

    DOIs are case-insensitive.
    """
    value = str(identifier.identifier)
    scheme = [str(identifier.identifier_type)]
    if isinstance(identifier, DOIIdentifier):
        value = value.lower()
    if isinstance(identifier, OtherIdentifier):
        scheme.append(identifier.other_identifier_name)
    # As JSON, so that different parts never give the same text.
    return hashlib.sha256(json.dumps([*scheme, value]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claim:
    """The reference that claims an identifier, as it was read."""

    key: str
    owner: UUID
    etag: str


async def read_claim(container: ContainerProxy, key: str) -> Claim | None:
    """Return the claim on an identifier. None if there is none."""
    try:
        with translate_errors("identifier"):
            item = await container.read_item(key, partition_key=key)
    except NotFound:
        return None
    check_version(item)
    return Claim(key, UUID(item["reference_id"]), item["_etag"])


async def claim(container: ContainerProxy, key: str, owner: UUID, before: Claim | None) -> bool:
    """Claim the identifier for this reference if nothing changed since `before` was read. Return whether it worked."""
    item = {"id": key, "reference_id": str(owner), FIELD: SCHEMA_VERSION}
    try:
        if before is None:
            with translate_create_errors("identifier"):
                await container.create_item(item)
        elif before.owner != owner:
            with translate_errors("identifier"):
                await container.replace_item(key, item, etag=before.etag, match_condition=MatchConditions.IfNotModified)
    except (NameTaken, NotFound, WriteConflict):
        return False
    return True


async def release(container: ContainerProxy, key: str) -> None:
    """Delete a claim for which nothing was written."""
    try:
        with translate_errors("identifier"):
            await container.delete_item(key, partition_key=key)
    except NotFound:
        pass
