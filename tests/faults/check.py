"""What must be true after every fault."""

from collections import Counter
from typing import Any
from uuid import UUID

from tests.e2e.exchange import Exchange
from tests.faults.proxied_stack import ProxiedStack
from tests.faults.watched_batch import Item, WatchedBatch
from tests.references import read_all

SOURCE = "test robot"

# How many enhancements there are for each reference and label.
Stored = Counter[tuple[str, str]]


async def check(stack: ProxiedStack, *batches: WatchedBatch) -> list[str]:
    """Wait until all batches have ended. Check that no enhancement is lost or duplicated. Return the statuses."""
    items = [await batch.wait_until_ended() for batch in batches]
    for batch, item in zip(batches, items, strict=True):
        await check_ended(stack.exchange, batch, item)
    references = {reference for batch in batches for reference in batch.references}
    stored = await count_stored(stack.exchange, references)
    for batch, item in zip(batches, items, strict=True):
        check_stored(batch, item, stored)
    check_no_others(stored, {batch.id for batch in batches})
    assert [await batch.read_item() for batch in batches] == items, "a batch changed after its end"
    return [item["status"] for item in items]


async def check_ended(exchange: Exchange, batch: WatchedBatch, item: Item) -> None:
    """Check the end of a batch: its status, its error, its report, and that the API returns the same."""
    assert item.get("due_at") is None
    assert item["ended_at"] is not None
    response = await exchange.read({"id": batch.id})
    assert response["request_status"] == item["status"]
    delivery = batch.find_imported(item)
    if delivery is None:
        assert item["status"] in {"failed", "rejected"}, item
        assert item["report"] is None, item
        assert item["error"]
        return
    assert item["status"] == delivery.status, item
    assert (item["error"] is None) == bool(delivery.added), item
    lines = await exchange.read_report_lines(response)
    report = [(line["reference_id"], line["error"] is None) for line in lines]
    differences = [pair for pair in zip(report, delivery.report, strict=False) if pair[0] != pair[1]]
    assert not differences, differences[:5]
    assert len(report) == len(delivery.report), (len(report), len(delivery.report))
    assert len(await exchange.read_report(response)) == len(lines)
    assert (item["progress"]["added"], item["progress"]["refused"]) == (delivery.added.total(), 0)


def check_stored(batch: WatchedBatch, item: Item, stored: Stored) -> None:
    """Check that every enhancement that the batch should have added is stored once, and no other."""
    imported = batch.find_imported(item)
    expected: Stored = Counter() if imported is None else imported.added
    found: Stored = Counter({key: number for key, number in stored.items() if _batch_of(key) == batch.id})
    lost, unexpected = (expected - found).total(), (found - expected).total()
    assert found == expected, f"{lost} enhancements are lost, {unexpected} are unexpected"


def check_no_others(stored: Stored, batch_ids: set[str]) -> None:
    """Check that every enhancement belongs to one of these batches."""
    others = {_batch_of(key) for key in stored} - batch_ids
    assert not others, f"there are enhancements of unknown batches: {sorted(others)}"


def _batch_of(key: tuple[str, str]) -> str:
    return key[1].partition(" ")[0]


async def count_stored(exchange: Exchange, references: set[str]) -> Stored:
    """Count the enhancements that robots have added to these references, by reference and label."""
    found: Stored = Counter()
    for reference in await read_all(exchange.store, map(UUID, references)):
        for enhancement in reference.enhancements or []:
            dumped: dict[str, Any] = enhancement.model_dump(mode="json")
            if dumped["source"] == SOURCE:
                found[str(reference.id), dumped["content"]["annotations"][0]["label"]] += 1
    return found
