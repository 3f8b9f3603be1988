"""Where the time of one batch goes, from the request to its end, on the whole local stack."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from benchmarks import results, svg
from benchmarks.inputs import SAMPLES
from benchmarks.requests import Delivery, running_requests
from exchange.domain.batch import Batch

_REFERENCES = 25_000

Span = tuple[str, float, float]

# As the local host logs the end of a call.
_CALL = re.compile(r"^(\S+ \S+),(\d{3}) INFO host (\w+) \w+ succeeded in ([\d.]+) s$", re.MULTILINE)


def calls(log: str, since: float) -> dict[str, tuple[float, float]]:
    """Read from the host's log when the longest call of each function began and ended, of those that began since."""
    found: dict[str, tuple[float, float]] = {}
    for day, millis, name, took in _CALL.findall(log):
        # The host logs in its own time zone, which is ours.
        end = datetime.fromisoformat(day).astimezone(UTC).timestamp() + int(millis) / 1_000
        begin, known = end - float(took), found.get(name, (0.0, 0.0))
        if begin >= since and end - begin >= known[1] - known[0]:
            found[name] = (begin, end)
    return found


def spans(asked: float, batch: Batch, delivery: Delivery, called: dict[str, tuple[float, float]]) -> list[Span]:
    """Name what was done, and what was waited for, with when it began and ended."""
    dispatch, validation, imported = called["dispatch"], called["validate"], called["import_delivered"]
    assert batch.first_call_at is not None  # noqa: S101 - it has ended
    assert batch.ended_at is not None  # noqa: S101 - the same
    ready = max(delivery.called_back, validation[1])
    return [
        ("register", asked, batch.created_at),
        ("queue", batch.created_at, dispatch[0]),
        ("snapshot", dispatch[0], batch.first_call_at),
        ("call robot", batch.first_call_at, dispatch[1]),
        ("robot", delivery.ordered, delivery.uploaded),
        ("call back", delivery.uploaded, delivery.called_back),
        ("blob event", min(delivery.uploaded, validation[0]), validation[0]),
        ("validate", *validation),
        ("join, queue", min(ready, imported[0]), imported[0]),
        ("import", imported[0], batch.ended_at),
    ]


async def measure(data: Path) -> tuple[list[Span], Batch]:
    """Take one batch through, after a small one that has made every connection."""
    async with running_requests(_REFERENCES, data) as requests:
        await requests.take(requests.known[:100])
        asked = time.time()
        batch_id: UUID = await requests.request(requests.known)
        batch = await requests.ended(batch_id)
        delivery = requests.deliveries[batch_id]
        found = spans(asked, batch, delivery, calls(requests.site.stack.log("host"), asked))
    return [(name, begin - asked, end - asked) for name, begin, end in found], batch


def _table(found: Sequence[Span], all_of_it: float) -> str:
    lines = ["| | from, s | to, s | took, s | of all |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {begin:.2f} | {end:.2f} | {end - begin:.2f} | {100 * (end - begin) / all_of_it:.0f}% |"
        for name, begin, end in found
    ]
    return "\n".join(lines)


async def run(data: Path) -> None:
    """Measure it and write the section."""
    found, batch = await measure(data)
    all_of_it = max(end for _, _, end in found)
    whose = "the samples, re-identified" if data == SAMPLES else "the folder given, with the identifiers found there"
    how = (
        f"One batch of {_REFERENCES:,} references of {whose}, on the local stack: {batch.progress.added:,} entries"
        f" added in {all_of_it:.1f} s, {_REFERENCES / all_of_it:,.0f} references a second."
    )
    plot = results.write_plot("flow", svg.bars(f"A batch of {_REFERENCES:,} references", found))
    results.write_section("The whole flow", f"{how}\n\n{plot}\n\n{_table(found, all_of_it)}")
