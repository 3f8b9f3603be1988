"""The identity of a batch request: random, or derived from the requestor's idempotency key.

With a key, the id of the batch depends only on the user and the key. So the store itself keeps a repeated request from
becoming a second batch. The fingerprint says whether a repeated request is the same request.
"""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.domain.ids import derive_id


@dataclass(frozen=True, slots=True)
class BatchIdentity:
    """The id of a new batch. If it is derived, the batch also has a manifest of its own attempt.

    It is derived from an idempotency key, whose batch has a fingerprint, or from the batch that it retries.
    """

    batch_id: UUID
    fingerprint: str | None = None
    manifest: UUID | None = None
    retry_of: UUID | None = None

    @property
    def is_derived(self) -> bool:
        """Whether another request can have the same id."""
        return self.manifest is not None


def derive_batch_id(user_id: str, key: str) -> UUID:
    """Return the id of the batch that this user requests with this key. The same key of another user is another id."""
    return derive_id("batch request", user_id, key)


def derive_retry_id(batch_id: UUID) -> UUID:
    """Return the id of the batch that retries this one."""
    return derive_id("retry", batch_id)


def compute_fingerprint(request: BatchEnhancementRequestIn) -> str:
    """Return a digest of everything that was requested. Two requests have the same one only if they are the same.

    A field with its default value counts like an absent one. So a field that a later version adds does not change the
    fingerprints that are stored.
    """
    fields = request.model_dump(mode="json", exclude={"reference_ids"}, exclude_defaults=True)
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode())
    digest.update(b"".join(reference_id.bytes for reference_id in request.reference_ids or []))
    return digest.hexdigest()
