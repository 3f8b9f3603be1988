"""Reading a batch request."""

import hashlib
import json
from collections.abc import Container, Iterable
from dataclasses import dataclass
from uuid import UUID

from exchange.contract.base import to_optional_time, to_time
from exchange.contract.batches import MAX_REFERENCES, BatchEnhancementRequestRead
from exchange.domain import blob_names
from exchange.domain.added import find_added
from exchange.domain.batch import Batch
from exchange.domain.callers import Caller, CallingRobot, User, check_may_see
from exchange.domain.counts import count_entries, count_references
from exchange.domain.expiry import find_expires_at
from exchange.domain.polling import choose_retry_after
from exchange.ports import Services, StoredBatch
from exchange.telemetry.logs import bind_log_fields
from exchange.telemetry.operations import find_trace_id
from exchange.use_cases.list_parts import describe_parts
from exchange.use_cases.manifest_file import read_manifest

# An answer with signed URLs counts as changed after this time, or half their lifetime if that is shorter.
_LONGEST_UNCHANGED_S = 900.0


@dataclass(frozen=True, slots=True)
class BatchVersion:
    """A batch request as it was read. `batch` is None if the caller has this version.

    `tag` is the opaque part of its weak ETag. `retry_after_s` is how long to wait before the batch is read again, None
    once it has ended.
    """

    tag: str
    retry_after_s: int | None
    batch: BatchEnhancementRequestRead | None


async def read_batch(
    batch_id: UUID,
    caller: Caller,
    services: Services,
    *,
    include_reference_ids: bool = True,
    known_tags: Container[str] = frozenset(),
) -> BatchVersion:
    """Return the batch request with freshly signed URLs. If the caller knows its tag, only the batch item is read.

    The tag `*` stands for any.

    Raises NotFound, Forbidden.
    """
    stored = await services.batches.load(batch_id)
    batch = stored.batch
    check_may_see(caller, batch)
    with bind_log_fields(batch_id=batch_id, robot_id=batch.robot_id):
        tag = _make_tag(stored, caller, services, include_reference_ids=include_reference_ids)
        retry_after_s = choose_retry_after(batch, services.clock())
        if tag in known_tags or "*" in known_tags:
            return BatchVersion(tag, retry_after_s, None)
        read = await describe_batch(batch, caller, services, include_reference_ids=include_reference_ids)
        return BatchVersion(tag, retry_after_s, read)


def _make_tag(stored: StoredBatch, caller: Caller, services: Services, *, include_reference_ids: bool) -> str:
    """Return a text that changes with the batch, and regularly, because the signed URLs of an answer expire."""
    kind = "robot" if isinstance(caller, CallingRobot) else "operator" if caller.is_operator else "requestor"
    period = services.clock() // min(_LONGEST_UNCHANGED_S, services.urls.lifetime_s / 2)
    parts = [stored.etag, kind, include_reference_ids, period]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


async def describe_batch(
    batch: Batch, caller: Caller, services: Services, *, include_reference_ids: bool = True
) -> BatchEnhancementRequestRead:
    """Return this state of the batch as its wire model, with freshly signed URLs. It reads one blob at most."""
    is_listed = include_reference_ids and _has_manifest(batch) and batch.reference_count <= MAX_REFERENCES
    reference_ids = await read_manifest(batch, services.files) if is_listed else None
    return await to_wire(batch, reference_ids, caller, services)


def _has_manifest(batch: Batch) -> bool:
    """Return whether the ids of the references are known."""
    return batch.id_list is None or batch.id_list.read_at is not None


async def to_wire(
    batch: Batch, reference_ids: Iterable[UUID] | None, caller: Caller, services: Services
) -> BatchEnhancementRequestRead:
    """Return the wire model of a batch. A URL is included if its blob exists and the caller may use it.

    The snapshot may contain references that are hidden from requestors, so only the robot and operators get its URL.
    Only the robot may upload, until the batch has ended. `reference_ids` are those of the manifest, or None if it was
    not read. The manifest is older than the report and is kept as long, so a manifest that was read proves that the
    report exists.
    """
    ids_url = data_url = upload_url = text_url = lines_url = enhancements_url = None
    if batch.snapshot is not None and (isinstance(caller, CallingRobot) or caller.is_operator):
        data_url = await services.urls.sign_read_url(blob_names.reference_data(batch.id, batch.snapshot))
    if batch.snapshot is not None and isinstance(caller, CallingRobot) and not batch.ended:
        upload_url = await services.urls.sign_upload_url(batch.id)
    if batch.id_list is not None and batch.id_list.read_at is not None:
        ids_url = await services.urls.sign_read_url(blob_names.manifest(batch.id, batch.manifest))
    if batch.report is not None and (
        reference_ids is not None or await services.files.exists(blob_names.report_text(batch.id, batch.report))
    ):
        text_url = await services.urls.sign_read_url(blob_names.report_text(batch.id, batch.report))
        lines_url = await services.urls.sign_read_url(blob_names.report_lines(batch.id, batch.report))
        if (added := find_added(batch)) is not None:
            enhancements_url = await services.urls.sign_read_url(added)
    expires_at = find_expires_at(batch, services.deadlines)
    return BatchEnhancementRequestRead(
        id=batch.id,
        robot_id=batch.robot_id,
        reference_ids=None if reference_ids is None else list(reference_ids),
        reference_ids_url=ids_url,
        source=batch.source,
        request_status=batch.status,
        reference_data_url=data_url,
        result_storage_url=upload_url,
        validation_result_file=text_url,
        validation_result_url=lines_url,
        enhancements_url=enhancements_url,
        error=batch.error,
        error_code=batch.error_code,
        counts=count_references(batch),
        entries=count_entries(batch),
        test_run=batch.test_run,
        cancelled_at=to_optional_time(batch.cancel_requested_at),
        retry_of=batch.retry_of,
        retried_as=batch.retried_as,
        metadata=batch.metadata,
        parts=describe_parts(batch),
        part_of=None if batch.part is None else batch.part.of,
        waiting_for=batch.waiting_for,
        created_at=to_time(batch.created_at),
        accepted_at=to_optional_time(batch.accepted_at),
        delivered_at=to_optional_time(batch.delivered_at),
        ended_at=to_optional_time(batch.ended_at),
        expires_at=to_optional_time(expires_at),
        trace_id=find_trace_id(batch.trace) if isinstance(caller, User) and caller.is_operator else None,
    )
