"""References as they are loaded, and what a load adds to a reference that is known already."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from exchange.contract.base import to_time
from exchange.contract.identifiers import ExternalIdentifier
from exchange.contract.references import EnhancementFileInput, Reference, ReferenceFileInput, StoredEnhancement
from exchange.domain.identifier_keys import make_key
from exchange.domain.ids import derive_id
from exchange.domain.storable import find_storage_fault, is_too_large


@dataclass(frozen=True, slots=True)
class Additions:
    """What a loaded reference has and the known one has not."""

    identifiers: Sequence[ExternalIdentifier]
    enhancements: Sequence[StoredEnhancement]


def make_reference(reference_id: UUID, loaded: ReferenceFileInput, now: float) -> Reference:
    """Return the reference with its id and the ids of its enhancements. `now` is in seconds since the epoch.

    The id of an enhancement depends on its reference, content, source and visibility only, so that loading it twice, or
    in two processes, stores it once. Repeated identifiers and enhancements are left out.
    """
    enhancements: dict[UUID, StoredEnhancement] = {}
    for enhancement in loaded.enhancements or []:
        stored = _to_stored(reference_id, enhancement, now)
        enhancements.setdefault(stored.id or reference_id, stored)
    return Reference(
        id=reference_id,
        visibility=loaded.visibility,
        identifiers=list(_by_key(loaded.identifiers).values()),
        enhancements=list(enhancements.values()),
    )


def list_identities(known: Reference) -> set[bytes]:
    """Return what identifies the enhancements of a known reference: a digest of each, because they may be long.

    An enhancement is the same if its content, source and visibility are. It does not matter who added it.
    """
    return {_digest_identity(enhancement) for enhancement in known.enhancements or []}


def find_additions(known: Reference, identities: set[bytes], loaded: Reference) -> Additions:
    """Return the identifiers and enhancements of the loaded reference that the known one does not have.

    `identities` are those of all enhancements of the known reference.
    """
    known_keys = _by_key(known.identifiers)
    return Additions(
        [identifier for key, identifier in _by_key(loaded.identifiers).items() if key not in known_keys],
        [item for item in loaded.enhancements or [] if _digest_identity(item) not in identities],
    )


def find_load_fault(loaded: ReferenceFileInput) -> str | None:
    """Return why the reference cannot be loaded, as a sentence. None if it can."""
    if not loaded.identifiers and not loaded.enhancements:
        return "A reference must have at least one identifier or one enhancement."
    fault = find_storage_fault(loaded.model_dump())
    if fault is not None:
        return f"The reference cannot be stored: {fault}."
    own = loaded.model_copy(update={"enhancements": None})
    parts = (own, *(loaded.enhancements or []))
    if any(is_too_large(part.model_dump_json().encode()) for part in parts):
        return "The reference cannot be stored: it or one of its enhancements is too large."
    return None


def _by_key(identifiers: Iterable[ExternalIdentifier] | None) -> dict[str, ExternalIdentifier]:
    return {make_key(identifier): identifier for identifier in identifiers or []}


def _to_stored(reference_id: UUID, loaded: EnhancementFileInput, now: float) -> StoredEnhancement:
    fields = {name: getattr(loaded, name) for name in loaded.model_fields_set if name != "enhancement_type"}
    identity = derive_id(reference_id, "enhancement", _describe_identity(loaded))
    return StoredEnhancement(id=identity, reference_id=reference_id, created_at=to_time(now), **fields)


def _digest_identity(enhancement: StoredEnhancement) -> bytes:
    return hashlib.sha256(_describe_identity(enhancement).encode()).digest()


def _describe_identity(enhancement: EnhancementFileInput | StoredEnhancement) -> str:
    """Return a text that is equal for equal content, source and visibility."""
    content = _normalise(enhancement.content.model_dump(mode="json", exclude_defaults=True))
    return json.dumps([enhancement.source, enhancement.visibility, content], sort_keys=True)


def _normalise(value: Any) -> Any:
    """Return the JSON value with whole numbers as integers: the store returns 1.0 as 1."""
    match value:
        case dict():
            return {key: _normalise(item) for key, item in value.items()}
        case list():
            return [_normalise(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
