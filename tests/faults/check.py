"""What must be true after every fault."""

from collections import Counter
from typing import Any
from uuid import UUID

from exchange.domain.selection import EVERYTHING
from tests.e2e.exchange import Exchange
from tests.faults.proxied_stack import ProxiedStack
from tests.faults.watched_batch import Item, WatchedBatch

SOURCE = "test robot"


async def check(stack: ProxiedStack, *batches: WatchedBatch) -> list[str]:
    """Wait until all batches have ended. Check that no enhancement is lost or duplicated. Return the statuses."""
    items = [await batch.wait_until_ended() for batch in batches]
    expected: Counter[tuple[str, str]] = Counter()
    for batch, item in zip(batches, items, strict=True):
        await _check_ended(stack.exchange, batch, item)
        if (imported := batch.find_imported(item)) is not None:
            expected += imported.added
    references = {reference for batch in batches for reference in batch.references}
    found = await count_stored(stack.exchange, references)
    lost, unexpected = (expected - found).total(), (found - expected).total()
    assert found == expected, f"{lost} enhancements are lost, {unexpected} are unexpected"
    assert [await batch.read_item() for batch in batches] == items, "a batch changed after its end"
    return [item["status"] for item in items]


async def _check_ended(exchange: Exchange, batch: WatchedBatch, item: Item) -> None:
    assert item.get("due_at") is None
    assert item["ended_at"] is not None
    response = await exchange.read({"id": batch.id})
    assert response["request_status"] == item["status"]
    delivery = batch.find_imported(item)
    if delivery is None:
        assert (item["status"], item["report"]) == ("failed", None), item
        assert item["error"]
        return
    assert (item["status"], item["error"]) == (delivery.status, None), item
    lines = await exchange.read_report_lines(response)
    report = [(line["reference_id"], line["error"] is None) for line in lines]
    differences = [pair for pair in zip(report, delivery.report, strict=False) if pair[0] != pair[1]]
    assert not differences, differences[:5]
    assert len(report) == len(delivery.report), (len(report), len(delivery.report))
    assert len(await exchange.read_report(response)) == len(lines)
    assert (item["progress"]["added"], item["progress"]["refused"]) == (delivery.added.total(), 0)


async def count_stored(exchange: Exchange, references: set[str]) -> Counter[tuple[str, str]]:
    """Count the enhancements that robots have added to these references, by reference and label."""
    found: Counter[tuple[str, str]] = Counter()
    async for reference in exchange.store.read_all([UUID(item) for item in references], EVERYTHING):
        for enhancement in reference.enhancements or []:
            dumped: dict[str, Any] = enhancement.model_dump(mode="json")
            if dumped["source"] == SOURCE:
                found[str(reference.id), dumped["content"]["annotations"][0]["label"]] += 1
    return found
