"""The invariants: what must be true after every run, with any faults."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from itertools import pairwise
from typing import Any
from uuid import UUID

from exchange.contract.batches import BatchStatus, ErrorCode
from exchange.contract.reports import EntryKind
from exchange.domain.added import find_added
from exchange.domain.batch import Batch
from exchange.domain.counts import count_entries, count_references
from exchange.domain.messages import DispatchMessage
from exchange.domain.report import EntryResult
from exchange.ports import StoredWebhooks
from tests.simulation.part_invariants import check_part, check_parts
from tests.simulation.world import ExpectedEntry, Simulation, Write

_RANKS = {BatchStatus.RECEIVED: 0, BatchStatus.ACCEPTED: 1, BatchStatus.IMPORTING: 2}
_FINAL_RANK = 3
_IMPORTED = {BatchStatus.COMPLETED, BatchStatus.PARTIAL_FAILED}
_CANCELLED = EntryResult(EntryKind.CANCELLED, None).error
_OF_VALIDATION = ("/accepted_enhancements.jsonl", "/draft_report.jsonl")
# A receiver fails twice, and there are ten attempts.
MIN_FAILURES_TO_LOSE_AN_EVENT = 8
_MISSING = EntryResult(EntryKind.MISSING, None).error


def check(simulation: Simulation) -> None:
    """Raise AssertionError with the invariant that does not hold."""
    errors = simulation.history.unexpected_errors
    assert not errors, f"unexpected errors: {errors[:3]}"
    assert simulation.batches.items, "no batch was registered"
    assert set(simulation.history.writes) == set(simulation.batches.items), "a batch exists that was not written"
    dispatched = {message.batch_id for message in simulation.queues.sent if isinstance(message, DispatchMessage)} | set(
        simulation.history.answers
    )
    assert not simulation.history.withdrawn & dispatched, "a withdrawn batch was dispatched"
    assert simulation.history.retries <= set(simulation.batches.items), "a confirmed retry was withdrawn"
    _check_keys(simulation)
    for stored in simulation.batches.items.values():
        _check_batch(simulation, stored.batch)
    _check_no_other_enhancements(simulation)
    _check_no_superseded_blobs(simulation)


def _check_batch(simulation: Simulation, batch: Batch) -> None:
    """Check a batch request, or a part of one."""
    assert batch.ended, f"batch {batch.id} has not ended"
    assert batch.due_at is None, "an ended batch has a deadline"
    assert not batch.notify_due, "the webhooks of an ended batch are still to be notified"
    assert batch.ended_at is not None, "an ended batch has no time of its end"
    _check_writes(simulation.history.writes[batch.id])
    _check_counts(simulation, batch)
    if batch.id in simulation.history.cancelled:
        assert batch.cancel_requested_at is not None, "a confirmed cancellation was lost"
    if batch.id in simulation.history.delivered:
        assert batch.delivered_at is not None, "a robot was told that its result counts, but it does not"
    if batch.part is None:
        skipped = len(simulation.reference_ids) - len(simulation.selected_ids)
        assert batch.skipped_count == skipped, "the wrong number of references was skipped"
        _check_retry(simulation, batch)
        _check_webhooks(simulation, batch)
    else:
        check_part(simulation, batch)
    if batch.division is not None:
        check_parts(simulation, batch)
    else:
        _check_job(simulation, batch)


def _check_job(simulation: Simulation, batch: Batch) -> None:
    """Check what a robot works on in one job: a part, or a batch request that is not in parts."""
    _check_calls(simulation, batch)
    _check_snapshot(simulation, batch)
    _check_imported_upload(simulation, batch)
    _check_stored_enhancements(simulation, batch)
    _check_report(simulation, batch)
    _check_import(simulation, batch)
    _check_cancellation(simulation, batch)
    has_error = batch.status not in _IMPORTED or batch.error_code is ErrorCode.CANCELLED
    assert has_error == (batch.error is not None), "the status and the error contradict each other"
    assert has_error == (batch.error_code is not None), "the error and its code contradict each other"
    _check_validations(simulation, batch)


def _check_keys(simulation: Simulation) -> None:
    """Check that each user of an idempotency key has one batch, and that it is the user's own."""
    for user_id, batch_id in simulation.history.told:
        assert batch_id in simulation.batches.items, "a requestor was told of a batch that was withdrawn"
        assert simulation.batches.items[batch_id].batch.requestor == user_id, "a key is shared between users"
    users = [user_id for user_id, _ in simulation.history.told]
    assert len(users) == len(set(users)), "a repeated request made a second batch"


def _check_writes(writes: Sequence[Write]) -> None:
    """Check that recorded facts stay, and that only the notification of webhooks is written after the end."""
    for earlier, later in pairwise(writes):
        before, after = later.before, later.after
        assert before == earlier.after, "a write overwrote the one before it"
        if before.ended:
            assert before.notify_due or not before.retried_as, "an ended batch was written"
            same = {name: getattr(before, name) for name in ("notify_due", "due_at", "resent_at", "retried_as")}
            assert replace(after, **same) == before, "a write changed an ended batch"
        assert _rank(before) <= _rank(after), "the status went backwards"
        assert before.attempt <= after.attempt, "the attempt went backwards"
        assert before.calls_started <= after.calls_started, "a started call was lost"
        assert before.validations_started <= after.validations_started, "a started validation was lost"
        assert before.progress.chunks <= after.progress.chunks, "the progress went backwards"
        assert before.import_started <= after.import_started, "the start of the import was lost"
        for name in ("snapshot", "first_call_at", "accepted_at", "delivered_at", "robot_error"):
            value = getattr(before, name)
            assert value is None or value == getattr(after, name), f"{name} was changed or removed"
        if before.import_started:
            assert before.validation == after.validation, "the validation was replaced during its import"
        if before.validation is not None:
            assert after.validation is not None, "the validation was removed"


def _check_calls(simulation: Simulation, batch: Batch) -> None:
    """Check that calls to the robot did not overlap, and that only a definite rejection rejected the batch."""
    for write in simulation.history.writes[batch.id]:
        if write.before is not None and write.before.calls_started < write.after.calls_started:
            assert write.at >= (write.before.call_until or 0.0), "a call started while another may have been running"
    answers = simulation.history.answers.get(batch.id, [])
    assert len(answers) <= batch.calls_started, "a call was made that was not recorded before"
    if batch.status is BatchStatus.REJECTED:
        rejected_at = [
            at
            for number, (at, answer) in enumerate(answers)
            if not (answer.accepted or answer.retryable or (answer.http_status == HTTPStatus.CONFLICT and number > 0))
        ]
        assert rejected_at, "the batch was rejected although the robot may have accepted it"
        uploads = simulation.history.uploads.get(batch.id, [])
        assert all(at > rejected_at[-1] for at, *_ in uploads), "the batch was rejected although a result existed"


def _check_snapshot(simulation: Simulation, batch: Batch) -> None:
    """Check that the robot got exactly the references that are not to be skipped."""
    content = simulation.files.blobs.get(f"{batch.id}/{batch.snapshot}/reference_data.jsonl")
    # The snapshot of a part that is fetched has its name before it is written.
    assert content is not None or batch.snapshot is None or batch.part is not None, "a robot got no snapshot"
    assert content is not None or batch.id not in simulation.part_checks.given, "a robot got no snapshot"
    if content is not None:
        ids = {UUID(json.loads(line)["id"]) for line in content.splitlines()}
        is_first = batch.retry_of is None and batch.part is None
        expected = simulation.selected_ids if is_first else simulation.list_requested(batch.id)
        assert ids == set(expected), "the robot got the wrong references"
    if not simulation.selected_ids:
        assert (batch.status, batch.calls_started) == (BatchStatus.COMPLETED, 0), "an empty job was sent"


def _rank(batch: Batch) -> int:
    return _RANKS.get(batch.status, _FINAL_RANK)


def _check_imported_upload(simulation: Simulation, batch: Batch) -> None:
    """Check that the imported upload was current at some time between the callback and the start of the import."""
    for write in simulation.history.writes[batch.id]:
        if not write.after.import_started or write.before is None or write.before.import_started:
            continue
        assert write.after.validation is not None, "the import started without a validation"
        assert write.before.delivered_at is not None, "the import started before the robot called back"
        uploads = simulation.history.uploads[batch.id]
        number = [etag for _, etag, _ in uploads].index(write.after.validation.etag)
        assert uploads[number][0] <= write.at, "the imported upload was made after the start of the import"
        if number + 1 < len(uploads):
            replaced_at = uploads[number + 1][0]
            assert replaced_at >= write.before.delivered_at, "the import is of an upload that was replaced before"


def _check_stored_enhancements(simulation: Simulation, batch: Batch) -> None:
    """Check that exactly the valid entries of the imported upload are stored, each once."""
    stored = Counter(
        (UUID(item["reference_id"]), label)
        for item in simulation.references.enhancements.values()
        if (label := _label(item)).startswith(str(batch.id))
    )
    if not batch.import_started:
        assert not stored, "enhancements were stored without an import"
        return
    if batch.test_run:
        assert not stored, "a test run stored enhancements"
        return
    expected = Counter((entry.reference_id or batch.id, _label(entry.line)) for entry in _list_added(simulation, batch))
    assert not stored - expected, "enhancements were stored that should not have been"
    if batch.report is not None:
        assert stored == expected, "valid entries of an imported result are not stored"
    assert stored.total() >= batch.progress.added, "entries are counted as added that are not stored"


def _check_import(simulation: Simulation, batch: Batch) -> None:
    """Check that a delivered result was imported, unless as many attempts failed as are made."""
    if batch.delivered_at is None or batch.robot_error is not None or batch.import_started:
        return
    if batch.error_code is ErrorCode.CANCELLED:
        return
    failures = simulation.calls.faults + simulation.history.lost_messages
    assert failures >= simulation.services.deadlines.progress_attempts, "a delivered result was never imported"


def _check_validations(simulation: Simulation, batch: Batch) -> None:
    """Check that only an import starts more validations than may start before it."""
    limit = simulation.services.deadlines.early_validations_limit
    for write in simulation.history.writes[batch.id]:
        started = write.before is not None and write.before.validations_started < write.after.validations_started
        assert not started or write.after.validations_started <= limit or write.after.delivered_at is not None, (
            "more validations started than may start before the callback"
        )


def _check_no_superseded_blobs(simulation: Simulation) -> None:
    """Check that the blobs of superseded validations are deleted. A fault may leave those of one validation."""
    recorded = {
        str(stored.batch.validation.attempt) for stored in simulation.batches.items.values() if stored.batch.validation
    }
    names = (name.split("/") for name in simulation.files.blobs if name.endswith(_OF_VALIDATION))
    superseded = {attempt for _, attempt, _ in names} - recorded
    assert len(superseded) <= simulation.calls.faults, "blobs of superseded validations are left"


def _check_webhooks(simulation: Simulation, batch: Batch) -> None:
    """Check that each webhook was told of the end at least once, and that calls for an event did not overlap.

    Enough failures can use up all attempts. A webhook that is disabled gets no more events.
    """
    failures = simulation.calls.faults + simulation.history.lost_messages
    for webhook in simulation.webhooks.items.get(batch.requestor, StoredWebhooks("", (), "")).webhooks:
        posts = [
            (at, delivery)
            for at, delivery in simulation.history.posts
            if (delivery.webhook_id, delivery.batch_id) == (webhook.id, batch.id)
        ]
        may_lack_it = failures >= MIN_FAILURES_TO_LOSE_AN_EVENT or not webhook.enabled
        assert posts or may_lack_it, "a webhook was not told of the end of a batch"
        assert len({delivery.id for _, delivery in posts}) <= 1, "an event was delivered under two ids"
        calls = [delivery.calls_started for _, delivery in posts]
        assert len(set(calls)) == len(calls), "an event was sent without a claim on the call"
        for _, delivery in posts:
            stored = simulation.webhook_deliveries.items[webhook.id, delivery.id].delivery
            assert stored.calls_started >= delivery.calls_started, "a started call to a webhook was lost"
    _check_webhook_claims(simulation, batch)


def _check_webhook_claims(simulation: Simulation, batch: Batch) -> None:
    """Check that no call was claimed while another one may have been running."""
    claims = {
        (delivery.webhook_id, delivery.calls_started): delivery
        for _, delivery in simulation.history.posts
        if delivery.batch_id == batch.id
    }
    for (webhook_id, call), delivery in claims.items():
        earlier = claims.get((webhook_id, call - 1))
        if earlier is not None and earlier.attempt == delivery.attempt:
            assert (delivery.called_at or 0.0) >= (earlier.call_until or 0.0), "calls to a webhook overlap"


def _check_report(simulation: Simulation, batch: Batch) -> None:
    """Check that the report has a true line for each entry and each missing reference."""
    # An import ends without a report only after this many attempts failed.
    attempts = simulation.services.deadlines.progress_attempts
    may_have_stalled = batch.import_started and simulation.calls.faults >= attempts
    needs_report = (batch.status in _IMPORTED or batch.import_started) and bool(simulation.selected_ids)
    assert batch.report is not None or may_have_stalled or not needs_report, "an imported batch has no report"
    if batch.report is None:
        return
    entries = _imported_entries(simulation, batch)
    lines = [json.loads(line) for line in simulation.read_report(batch, "validation.jsonl").splitlines()]
    text = simulation.read_report(batch, "validation.txt").decode().splitlines()
    named = {entry.reference_id for entry in entries}
    missing = [item for item in simulation.list_requested(batch.id) if item not in named]
    assert len(text) == len(lines) == len(entries) + len(missing), "the report has the wrong number of lines"
    added = _list_added(simulation, batch)
    for entry, line in zip(entries, lines, strict=False):
        assert (line["error"] is None) == (entry in added), "the report is wrong about whether an entry was added"
        cancelled = (entry.added or entry.refused) and _is_cut_off(batch, line["line"])
        assert (line["error"] == _CANCELLED) == cancelled, "the report is wrong about what was cancelled"
        reference_id = None if entry.reference_id is None else str(entry.reference_id)
        assert line["reference_id"] == reference_id, "the report names the wrong reference"
        refused = entry.refused and not cancelled and not batch.test_run
        assert not refused or "too large" in line["error"], "the report does not have the reason of the refusal"
    listed = [(UUID(line["reference_id"]), line["error"]) for line in lines[len(entries) :]]
    assert listed == [(item, _MISSING) for item in missing], "the report does not list the missing references"
    complete = len(added) == len(entries) and not missing
    expected = BatchStatus.FAILED if not added else BatchStatus.COMPLETED if complete else BatchStatus.PARTIAL_FAILED
    assert batch.status is expected, f"the status is {batch.status}, not {expected}"
    _check_files_of_report(simulation, batch, lines)


def _check_files_of_report(simulation: Simulation, batch: Batch, lines: Sequence[Any]) -> None:
    """Check the counted messages, and that the enhancements of the batch are those that are stored."""
    errors = [(line["kind"], line["error"]) for line in lines if line["error"] is not None]
    if errors:
        listed = json.loads(simulation.read_report(batch, "errors.json"))["errors"]
        counted = Counter({(error["kind"], error["message"]): error["count"] for error in listed})
        assert counted == Counter(errors), "the messages are counted wrongly"
    if (name := find_added(batch)) is not None:
        exported = [json.loads(line) for line in simulation.files.blobs[name].splitlines()]
        added_lines = [line["line"] for line in lines if line["error"] is None]
        assert [item.pop("line") for item in exported] == added_lines, "the enhancements have wrong numbers"
        stored = simulation.list_stored(batch.id)
        by_id = {item["id"]: item for item in exported}
        assert len(by_id) == len(exported) == len(stored), "the enhancements of the batch are not those that it added"
        assert all(by_id[item["id"]] == item for item in stored), "the enhancements of the batch are not as stored"


def _check_counts(simulation: Simulation, batch: Batch) -> None:
    """Check that the counts add up after every write and only grow, and that they are exact at the end."""
    before: dict[str, int] = {}
    for write in simulation.history.writes[batch.id]:
        counted = count_references(write.after)
        assert counted is not None, "the references are not counted"
        counts = counted.model_dump()
        requested, pending = counts.pop("requested"), counts.pop("pending")
        assert sum(counts.values()) + pending == requested, "the counts do not add up"
        assert all(counts[name] >= count for name, count in before.items()), "a count of references went backwards"
        assert not (write.after.ended and pending), "references of an ended batch are pending"
        before = counts
        if (entries := count_entries(write.after)) is not None:
            kinds = entries.model_dump(exclude={"total"})
            assert sum(kinds.values()) == entries.total, "the counts of the entries do not add up"
    if batch.report is not None and batch.division is None:
        _check_final_counts(simulation, batch)


def _check_final_counts(simulation: Simulation, batch: Batch) -> None:
    """Check the counts of a finished import by its report."""
    entries, references = count_entries(batch), count_references(batch)
    lines = [json.loads(line) for line in simulation.read_report(batch, "validation.jsonl").splitlines()]
    by_kind = Counter(line["kind"] for line in lines)
    missing = by_kind.pop("missing", 0)
    assert entries is not None, "the entries are not counted"
    assert references is not None, "the references are not counted"
    assert +Counter(entries.model_dump(exclude={"total"})) == by_kind, "the entries are counted wrongly"
    kinds_of = {
        item: {line["kind"] for line in lines if line["reference_id"] == str(item)} for item in simulation.reference_ids
    }
    enhanced = sum("added" in kinds for kinds in kinds_of.values())
    cancelled = sum("cancelled" in kinds and "added" not in kinds for kinds in kinds_of.values())
    exact = {"enhanced": enhanced, "cancelled": cancelled, "missing": missing}
    assert references.model_dump(include=set(exact)) == exact, "the references are counted wrongly"


def _check_cancellation(simulation: Simulation, batch: Batch) -> None:
    """Check that a confirmed cancellation ended the batch, or its import after the chunk that was in progress."""
    if batch.cancel_requested_at is None:
        assert batch.error_code is not ErrorCode.CANCELLED, "a batch was cancelled that nobody cancelled"
        return
    if not batch.import_started:
        assert batch.error_code is ErrorCode.CANCELLED, "a batch went on after its cancellation"
        assert batch.ended_at == batch.cancel_requested_at, "a batch went on after its cancellation"
        return
    chunks = next(
        write.before.progress.chunks
        for write in simulation.history.writes[batch.id]
        if write.before and write.before.cancel_requested_at is None and write.after.cancel_requested_at is not None
    )
    assert batch.progress.chunks <= chunks + 1, "the import went on after its cancellation"


def _check_retry(simulation: Simulation, batch: Batch) -> None:
    """Check that a retry has exactly the references that the batch before it did not enhance, and is the only one."""
    if batch.id in simulation.history.retries:
        assert batch.retry_of is not None, "a retry does not name its batch"
        assert simulation.batches.items[batch.retry_of].batch.retried_as == batch.id, "a confirmed retry was lost"
    if batch.retry_of is None:
        return
    retries = [stored.batch for stored in simulation.batches.items.values() if stored.batch.retry_of == batch.retry_of]
    assert retries == [batch], "a batch has two retries"
    retried = simulation.batches.items[batch.retry_of].batch
    jobs = _list_jobs(simulation, retried)
    enhanced = {item["reference_id"] for job in jobs for item in simulation.list_stored(job.id)}
    requested = simulation.list_requested(retried.id)
    # An import that stalled may have stored more than it recorded.
    known = enhanced if all(job.report is not None or not job.import_started for job in jobs) else None
    left = [item for item in requested if known is None or str(item) not in known]
    retry = simulation.list_requested(batch.id)
    assert retry == left or (known is None and set(retry) <= set(left)), "a retry has the wrong references"


def _list_jobs(simulation: Simulation, batch: Batch) -> Sequence[Batch]:
    """Return the parts of a batch request. One that is not in parts is its only part."""
    if batch.division is None:
        return [batch]
    batches = (stored.batch for stored in simulation.batches.items.values())
    return [part for part in batches if part.part is not None and part.part.of == batch.id]


def _list_added(simulation: Simulation, batch: Batch) -> Sequence[ExpectedEntry]:
    """Return the entries that were added, or would be if it were not a test run."""
    entries = _imported_entries(simulation, batch)
    return [
        entry
        for number, entry in enumerate(entries, start=1)
        if (entry.added or (entry.refused and batch.test_run)) and not _is_cut_off(batch, number)
    ]


def _is_cut_off(batch: Batch, number: int) -> bool:
    """Return whether the entry with this number comes after the last chunk of a cancelled import."""
    return batch.error_code is ErrorCode.CANCELLED and number > batch.progress.last_entry


def _check_no_other_enhancements(simulation: Simulation) -> None:
    batch_ids = {str(batch_id) for batch_id in simulation.batches.items}
    labels = {
        _label(item)[:36]
        for enhancement_id, item in simulation.references.enhancements.items()
        if enhancement_id not in simulation.earlier_enhancements
    }
    assert labels <= batch_ids, "enhancements are stored that belong to no batch"


def _imported_entries(simulation: Simulation, batch: Batch) -> Sequence[ExpectedEntry]:
    assert batch.validation is not None
    uploads = simulation.history.uploads[batch.id]
    return next(entries for _, etag, entries in uploads if etag == batch.validation.etag)


def _label(enhancement: Any) -> str:
    label: str = enhancement["content"]["annotations"][0]["label"]
    return label
