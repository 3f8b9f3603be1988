"""What must hold after every fault, whatever it was."""

from collections import Counter
from typing import Any
from uuid import UUID

from exchange.domain.selection import EVERYTHING
from tests.e2e.exchange import Exchange
from tests.faults.jobs import Item, Job
from tests.faults.site import Site

SOURCE = "test robot"


async def check(site: Site, *jobs: Job) -> list[str]:
    """Wait for the end of each batch and see that nothing was lost, doubled or taken back; return how each ended."""
    items = [await job.ended() for job in jobs]
    wanted: Counter[tuple[str, str]] = Counter()
    for job, item in zip(jobs, items, strict=True):
        await _check_end(site.exchange, job, item)
        if (pinned := job.import_started(item)) is not None:
            wanted += pinned.added
    references = {reference for job in jobs for reference in job.references}
    found = await stored(site.exchange, references)
    assert found == wanted, f"{(wanted - found).total()} lost, {(found - wanted).total()} too many"
    # The end is the end.
    assert [await job.item() for job in jobs] == items
    return [item["status"] for item in items]


async def _check_end(exchange: Exchange, job: Job, item: Item) -> None:
    assert item.get("due_at") is None
    assert item["ended_at"] is not None
    batch = await exchange.read({"id": job.id})
    assert batch["request_status"] == item["status"]
    delivery = job.import_started(item)
    if delivery is None:
        assert (item["status"], item["report"]) == ("failed", None), item
        assert item["error"]
        return
    assert (item["status"], item["error"]) == (delivery.status, None), item
    lines = await exchange.report_lines(batch)
    verdicts = [(line["reference_id"], line["error"] is None) for line in lines]
    differing = [pair for pair in zip(verdicts, delivery.report, strict=False) if pair[0] != pair[1]]
    assert not differing, differing[:5]
    assert len(verdicts) == len(delivery.report), (len(verdicts), len(delivery.report))
    assert len(await exchange.report(batch)) == len(lines)
    assert (item["progress"]["added"], item["progress"]["refused"]) == (delivery.added.total(), 0)


async def stored(exchange: Exchange, references: set[str]) -> Counter[tuple[str, str]]:
    """Count what robots have added to these references, by reference and label."""
    found: Counter[tuple[str, str]] = Counter()
    async for reference in exchange.store.snapshot([UUID(item) for item in references], EVERYTHING):
        for enhancement in reference.enhancements or []:
            dumped: dict[str, Any] = enhancement.model_dump(mode="json")
            if dumped["source"] == SOURCE:
                found[str(reference.id), dumped["content"]["annotations"][0]["label"]] += 1
    return found
