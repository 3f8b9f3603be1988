"""Several use cases together, from the request to the report."""

import json
from uuid import uuid4

import pytest

from exchange.contract.reports import EntryKind
from exchange.domain.report import EntryResult
from tests.results import annotation, jsonl
from tests.unit.use_cases.conftest import Exchange

ADDED = "Enhancement added."


def error_of(kind: EntryKind) -> str | None:
    return EntryResult(kind, None).error


async def test_a_batch_whose_references_are_all_enhanced_is_completed(exchange: Exchange) -> None:
    batch_id = await exchange.dispatch_and_upload()
    await exchange.validate(batch_id)
    assert await exchange.call_back(batch_id) == "importing"
    await exchange.run_import(batch_id)
    assert exchange.get_batch(batch_id).status == "completed"
    assert exchange.read_report(batch_id) == [f"Reference {item}: {ADDED}" for item in exchange.reference_ids]
    assert len(exchange.references.enhancements) == 5
    assert not [name for name in exchange.files.blobs if "/refused/" in name]
    for reference_id in exchange.reference_ids:
        (enhancement,) = exchange.references.enhancements_of(reference_id)
        stored = json.loads(enhancement.model_dump_json(exclude_unset=True))
        origin = {
            "id": stored["id"],
            "created_at": "2027-01-15T08:00:00Z",
            "batch_request_id": str(batch_id),
            "robot_id": str(exchange.robot.id),
        }
        assert stored == {**annotation(reference_id), **origin}


async def test_a_batch_with_good_and_bad_entries_is_partial_failed_and_reports_each_entry(exchange: Exchange) -> None:
    first, second, third, fourth, fifth = exchange.reference_ids
    not_requested = uuid4()
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(
        batch_id,
        annotation(first),
        b"not json",
        b"   ",
        annotation(first),
        annotation(not_requested),
        {"reference_id": str(second), "message": "no\nabstract"},
        annotation(third, source=7),
        annotation(fourth, label="first"),
        annotation(fourth, label="second"),
    )
    await exchange.validate(batch_id)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    assert exchange.get_batch(batch_id).status == "partial_failed"
    lines = exchange.read_report(batch_id)
    assert lines[0] == f"Reference {first}: {ADDED}"
    assert lines[1].startswith("Entry 2: Could not be read: Invalid JSON")
    assert lines[2] == f"Reference {first}: {error_of(EntryKind.DUPLICATE)}"
    assert lines[3] == f"Reference {not_requested}: {error_of(EntryKind.NOT_REQUESTED)}"
    assert lines[4] == f"Reference {second}: The robot reported: no abstract"
    assert lines[5] == f"Reference {third}: Could not be read: source: Input should be a valid string"
    assert lines[6:8] == [f"Reference {fourth}: {ADDED}"] * 2
    missing = error_of(EntryKind.MISSING)
    assert sorted(lines[8:]) == sorted(f"Reference {item}: {missing}" for item in (fifth,))
    entries = exchange.read_report_entries(batch_id)
    assert [entry["error"] is None for entry in entries] == [line.endswith(ADDED) for line in lines]
    assert [entry["reference_id"] for entry in entries][1] is None
    assert entries[5]["reference_id"] == str(third)


@pytest.mark.parametrize("entries", [(), (b"nothing",), (b"", b" ")])
async def test_a_result_without_valid_entries_fails_the_batch_and_is_reported(
    exchange: Exchange, entries: tuple[bytes, ...]
) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id, *entries)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    batch = exchange.get_batch(batch_id)
    assert batch.status == "failed"
    assert batch.error is not None
    assert len(exchange.read_report(batch_id)) == len([entry for entry in entries if entry.strip()]) + 5


async def test_a_last_line_without_a_line_feed_is_read(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    result = jsonl(*(annotation(item) for item in exchange.reference_ids))
    await exchange.results.put(batch_id, result.rstrip(b"\n"))
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    assert (exchange.get_batch(batch_id).status, len(exchange.references.enhancements)) == ("completed", 5)


async def test_a_result_exactly_at_the_limits_is_imported(exchange: Exchange) -> None:
    """The file has the maximum size and the maximum number of rejected entries."""
    batch_id = await exchange.register_and_dispatch()
    accepted = jsonl(*(annotation(item) for item in exchange.reference_ids))
    rejected = b"x\n" * 100
    blanks = b" " * ((1 << 22) - len(accepted) - len(rejected))
    await exchange.results.put(batch_id, accepted + rejected + blanks)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    assert (exchange.get_batch(batch_id).status, exchange.get_batch(batch_id).error) == ("partial_failed", None)
    assert len(exchange.references.enhancements) == 5


async def test_a_result_file_above_the_size_limit_is_refused(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.results.put(batch_id, b" " * ((1 << 22) + 1))
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    assert exchange.get_batch(batch_id).error == "The result file has 4194305 bytes. At most 4194304 are accepted."


async def test_a_result_with_too_many_rejected_entries_is_refused_as_a_whole(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    accepted = [annotation(item) for item in exchange.reference_ids]
    await exchange.upload(batch_id, *accepted, *(b"x" for _ in range(101)))
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    batch = exchange.get_batch(batch_id)
    assert (batch.status, "More than 100 entries are unreadable" in (batch.error or "")) == ("failed", True)
    assert not exchange.references.enhancements
    missing = error_of(EntryKind.MISSING)
    assert exchange.read_report(batch_id) == [f"Reference {item}: {missing}" for item in exchange.reference_ids]


async def test_repeating_every_use_case_adds_nothing(exchange: Exchange) -> None:
    batch_id = await exchange.dispatch_and_upload()
    for _ in range(3):
        await exchange.dispatch(batch_id)
        await exchange.validate(batch_id)
    for _ in range(3):
        await exchange.call_back(batch_id)
    for _ in range(3):
        await exchange.run_import(batch_id)
    await exchange.validate(batch_id)
    assert await exchange.call_back(batch_id) == "completed"
    assert len(exchange.references.enhancements) == 5
    assert len(exchange.robot_calls.jobs) == 1
    validations = [name for name in exchange.files.blobs if name.endswith("accepted_enhancements.jsonl")]
    assert len(validations) == 1
