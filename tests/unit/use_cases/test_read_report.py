"""The report by page and by message, and the enhancements of a batch."""

import json
from dataclasses import replace
from uuid import UUID

import pytest

from exchange.contract.reports import BatchEntriesQuery, BatchErrors, EntryKind, ReferenceCounts
from exchange.domain import blob_names
from exchange.domain.added import find_added
from exchange.domain.callers import Role, User
from exchange.domain.errors import Conflict, Forbidden, NotFound
from exchange.domain.ids import derive_id
from exchange.use_cases.read_report import read_entries, read_errors
from exchange.use_cases.write_report import find_enhanced
from tests.results import annotation, jsonl
from tests.unit.use_cases.conftest import REQUESTOR, Exchange, read_now

OTHER = User("another requestor", frozenset({Role.REQUESTOR}))


async def import_batch(exchange: Exchange, *entries: object) -> UUID:
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id, *entries)
    await exchange.call_back(batch_id)
    await exchange.run_import(batch_id)
    return batch_id


async def import_mixed(exchange: Exchange) -> UUID:
    one, two, *_ = exchange.reference_ids
    error = {"reference_id": str(two), "message": "no abstract"}
    return await import_batch(exchange, annotation(one), error, "not JSON", annotation(one, source="x" * 2000))


async def test_every_entry_has_its_line_kind_and_sentence(exchange: Exchange) -> None:
    one, two, *others = exchange.reference_ids
    exchange.references.largest_item = 1500
    batch_id = await import_mixed(exchange)
    page = await read_entries(batch_id, BatchEntriesQuery(), REQUESTOR, exchange.services)
    assert page.continuation is None
    lines = [(entry.line, entry.reference_id, entry.kind) for entry in page.entries]
    assert lines == [
        (1, one, EntryKind.ADDED),
        (2, two, EntryKind.ROBOT_ERROR),
        (3, None, EntryKind.UNREADABLE),
        (4, one, EntryKind.NOT_STORABLE),
        *((None, item, EntryKind.MISSING) for item in others),
    ]
    texts = [entry.message for entry in page.entries]
    assert texts == [line.partition(": ")[2] for line in exchange.read_report(batch_id)]
    answer = await read_now(batch_id, REQUESTOR, exchange.services)
    assert answer.counts == ReferenceCounts(requested=5, enhanced=1, failed=1, missing=3)


async def test_a_page_is_requested_by_kind_and_reference(exchange: Exchange) -> None:
    batch_id = await import_mixed(exchange)
    one, *_ = exchange.reference_ids
    query = BatchEntriesQuery(kind=EntryKind.MISSING, limit=2)
    first = await read_entries(batch_id, query, REQUESTOR, exchange.services)
    assert len(first.entries) == 2
    query = BatchEntriesQuery(kind=EntryKind.MISSING, limit=2, continuation=first.continuation)
    second = await read_entries(batch_id, query, REQUESTOR, exchange.services)
    assert (len(second.entries), second.continuation) == (1, None)
    of_one = await read_entries(batch_id, BatchEntriesQuery(reference_id=one), REQUESTOR, exchange.services)
    assert {entry.reference_id for entry in of_one.entries} == {one}


async def test_the_messages_are_counted(exchange: Exchange) -> None:
    batch_id = await import_mixed(exchange)
    errors = await read_errors(batch_id, REQUESTOR, exchange.services)
    _, two, *missing = exchange.reference_ids
    listed = {error.kind: (error.count, error.examples) for error in errors.errors}
    assert listed == {
        EntryKind.MISSING: (3, missing),
        EntryKind.ROBOT_ERROR: (1, [two]),
        EntryKind.UNREADABLE: (1, []),
    }
    assert errors.errors[0].kind is EntryKind.MISSING


async def test_a_completed_batch_has_no_messages(exchange: Exchange) -> None:
    batch_id = await import_batch(exchange, *map(annotation, exchange.reference_ids))
    assert await read_errors(batch_id, REQUESTOR, exchange.services) == BatchErrors(errors=[])


async def test_a_batch_that_ended_without_a_report_has_no_entries(exchange: Exchange) -> None:
    batch_id = await exchange.register_and_dispatch()
    await exchange.call_back(batch_id, "no memory")
    assert (await read_entries(batch_id, BatchEntriesQuery(), REQUESTOR, exchange.services)).entries == []
    assert (await read_errors(batch_id, REQUESTOR, exchange.services)).errors == []


async def test_the_report_is_for_those_who_may_see_the_batch_once_it_has_ended(exchange: Exchange) -> None:
    batch_id = await exchange.register()
    with pytest.raises(Forbidden):
        await read_entries(batch_id, BatchEntriesQuery(), OTHER, exchange.services)
    with pytest.raises(Conflict, match="has not ended"):
        await read_entries(batch_id, BatchEntriesQuery(), REQUESTOR, exchange.services)
    with pytest.raises(Conflict, match="has not ended"):
        await read_errors(batch_id, REQUESTOR, exchange.services)


async def test_an_expired_report_is_not_found(exchange: Exchange) -> None:
    batch_id = await import_mixed(exchange)
    exchange.files.blobs.clear()
    with pytest.raises(NotFound, match="Reports expire"):
        await read_entries(batch_id, BatchEntriesQuery(), REQUESTOR, exchange.services)
    with pytest.raises(NotFound, match="Reports expire"):
        await read_errors(batch_id, REQUESTOR, exchange.services)


async def test_the_enhancements_of_a_batch_are_those_that_it_added_as_they_are_stored(exchange: Exchange) -> None:
    exchange.references.largest_item = 1500
    batch_id = await import_mixed(exchange)
    assert exchange.read_enhancements(batch_id) == list(exchange.references.enhancements.values())
    answer = await read_now(batch_id, REQUESTOR, exchange.services)
    assert answer.enhancements_url is not None


async def test_the_enhancements_of_a_batch_are_without_hidden_ones(exchange: Exchange) -> None:
    one, two, *_ = exchange.reference_ids
    shown = annotation(two, source='"visibility":"hidden"')
    shown["content"]["annotations"][0]["data"] = {"visibility": "hidden"}
    # The last one is not as compact as the fast parser needs it.
    hidden = [annotation(one, visibility="hidden"), annotation(one, "trial", visibility="hidden", unknown=1)]
    batch_id = await import_batch(exchange, *hidden, shown)
    assert len(exchange.references.enhancements) == 3
    assert [found["reference_id"] for found in exchange.read_enhancements(batch_id)] == [str(two)]


async def test_no_reader_finds_a_line_break_inside_an_enhancement(exchange: Exchange) -> None:
    batch_id = await import_batch(exchange, annotation(exchange.reference_ids[0], source="a\u2028b\u2029c\x85d"))
    name = find_added(exchange.get_batch(batch_id))
    assert name is not None
    assert len(exchange.files.blobs[name].decode().splitlines()) == 1
    assert exchange.read_enhancements(batch_id) == list(exchange.references.enhancements.values())


async def test_the_enhancements_are_copied_only_if_requestors_may_not_read_all_that_were_accepted(
    exchange: Exchange,
) -> None:
    one, two, three, *_ = exchange.reference_ids
    for entries, copied in (
        ([annotation(one), annotation(two)], False),
        ([annotation(one), "not JSON"], False),
        ([annotation(one), annotation(two, visibility="hidden")], True),
        ([annotation(one), annotation(three, source="s" * 5000)], True),
    ):
        exchange.references.largest_item = 4000
        batch_id = await import_batch(exchange, *entries)
        names = [name for name in exchange.files.blobs if name.startswith(str(batch_id))]
        assert any(name.endswith("/enhancements.jsonl") for name in names) == copied
        assert exchange.read_enhancements(batch_id)[0]["reference_id"] == str(one)


async def test_the_numbers_of_the_enhancements_are_those_of_the_report(exchange: Exchange) -> None:
    batch_id = await import_mixed(exchange)
    name = find_added(exchange.get_batch(batch_id))
    assert name is not None
    numbers = [json.loads(line)["line"] for line in exchange.files.blobs[name].splitlines()]
    assert numbers == [item["line"] for item in exchange.read_report_entries(batch_id) if item["error"] is None]


async def test_entries_that_an_older_version_accepted_are_imported(exchange: Exchange) -> None:
    one, two, *_ = exchange.reference_ids
    batch_id = await exchange.register_and_dispatch()
    await exchange.upload(batch_id, annotation(one), "not JSON", annotation(two))
    await exchange.validate(batch_id)
    await exchange.call_back(batch_id)
    batch = exchange.get_batch(batch_id)
    assert batch.validation is not None
    del exchange.files.blobs[blob_names.accepted(batch_id, batch.validation.attempt)]
    old = [{"first": True, "entry": number, "enhancement": annotation(item)} for number, item in ((1, one), (3, two))]
    exchange.files.blobs[blob_names.old_accepted(batch_id, batch.validation.attempt)] = jsonl(*old)
    old_batch = replace(batch, validation=replace(batch.validation, hidden=None))
    exchange.batches.items[batch_id] = replace(exchange.batches.items[batch_id], batch=old_batch)
    await exchange.run_import(batch_id)
    assert exchange.read_enhancements(batch_id) == list(exchange.references.enhancements.values())
    assert [item["id"] for item in exchange.read_enhancements(batch_id)] == [
        str(derive_id(batch_id, 1)),
        str(derive_id(batch_id, 3)),
    ]


async def test_a_batch_that_added_nothing_has_no_enhancements(exchange: Exchange) -> None:
    batch_id = await import_batch(exchange, "not JSON")
    assert (await read_now(batch_id, REQUESTOR, exchange.services)).enhancements_url is None


async def test_the_enhanced_references_are_found_with_and_without_a_report(exchange: Exchange) -> None:
    batch_id = await import_mixed(exchange)
    batch = exchange.get_batch(batch_id)
    assert await find_enhanced(batch, exchange.services) == {str(exchange.reference_ids[0])}
