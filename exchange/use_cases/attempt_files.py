"""The blobs of one attempt at a validation, or at reading a list. They are deleted once another attempt counts."""

import logging
from collections.abc import Iterable
from uuid import UUID

from exchange.domain import blob_names
from exchange.domain.batch import Batch
from exchange.domain.errors import ExchangeError
from exchange.ports import Services

log = logging.getLogger(__name__)


async def delete_superseded(batch: Batch, attempts: Iterable[UUID], services: Services) -> None:
    """Delete the blobs of these attempts, except those of the recorded validation."""
    recorded = batch.validation.attempt if batch.validation else None
    for attempt in attempts:
        if attempt != recorded:
            await delete_attempt(batch.id, attempt, services)


async def delete_attempt(batch_id: UUID, attempt: UUID, services: Services) -> None:
    """Delete the blobs of an attempt, as `delete_blobs` does."""
    names = (blob_names.accepted(batch_id, attempt), blob_names.draft_report(batch_id, attempt))
    await delete_blobs(batch_id, names, services)


async def delete_blobs(batch_id: UUID, names: Iterable[str], services: Services) -> None:
    """Delete blobs that do not count. Best effort: a blob that cannot be deleted now expires later."""
    for name in names:
        try:
            await services.files.delete(name)
        except ExchangeError as error:
            log.warning("batch %s: a superseded blob could not be deleted: %s", batch_id, error)
