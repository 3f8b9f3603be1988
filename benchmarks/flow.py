"""How the time of one batch is spent, from the request to its end, on the complete local stack."""

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

# The line that the local host logs when a call ends.
_CALL = re.compile(r"^(\S+ \S+),(\d{3}) INFO host (\w+) \w+ succeeded in ([\d.]+) s$", re.MULTILINE)


def find_calls(log: str, since: float) -> dict[str, tuple[float, float]]:
    """Return the start and end of the longest call of each function that started after `since`, from the host's log."""
    found: dict[str, tuple[float, float]] = {}
    for day, millis, name, duration in _CALL.findall(log):
        # The host logs in its local time zone, which is also ours.
        end = datetime.fromisoformat(day).astimezone(UTC).timestamp() + int(millis) / 1_000
        start, longest = end - float(duration), found.get(name, (0.0, 0.0))
        if start >= since and end - start >= longest[1] - longest[0]:
            found[name] = (start, end)
    return found


def make_spans(
    requested_at: float, batch: Batch, delivery: Delivery, calls: dict[str, tuple[float, float]]
) -> list[Span]:
    """Return the name, start and end of each activity and wait."""
    dispatch, validation, imported = calls["dispatch"], calls["validate"], calls["import_delivered"]
    assert batch.first_call_at is not None  # noqa: S101 - the batch has ended
    assert batch.ended_at is not None  # noqa: S101 - the batch has ended
    ready = max(delivery.called_back, validation[1])
    return [
        ("register", requested_at, batch.created_at),
        ("queue", batch.created_at, dispatch[0]),
        ("snapshot", dispatch[0], batch.first_call_at),
        ("call robot", batch.first_call_at, dispatch[1]),
        ("robot", delivery.received, delivery.uploaded),
        ("call back", delivery.uploaded, delivery.called_back),
        ("blob event", min(delivery.uploaded, validation[0]), validation[0]),
        ("validate", *validation),
        ("join, queue", min(ready, imported[0]), imported[0]),
        ("import", imported[0], batch.ended_at),
    ]


async def measure(data: Path) -> tuple[list[Span], Batch]:
    """Run one batch, after a small one that opens every connection."""
    async with running_requests(_REFERENCES, data) as requests:
        await requests.run_batch(requests.reference_ids[:100])
        requested_at = time.time()
        batch_id: UUID = await requests.request(requests.reference_ids)
        batch = await requests.wait_until_ended(batch_id)
        delivery = requests.deliveries[batch_id]
        calls = find_calls(requests.site.stack.log("host"), requested_at)
        spans = make_spans(requested_at, batch, delivery, calls)
    return [(name, start - requested_at, end - requested_at) for name, start, end in spans], batch


def _format_table(spans: Sequence[Span], total: float) -> str:
    lines = ["| activity | start, s | end, s | duration, s | share |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {start:.2f} | {end:.2f} | {end - start:.2f} | {100 * (end - start) / total:.0f}% |"
        for name, start, end in spans
    ]
    return "\n".join(lines)


async def run(data: Path) -> None:
    """Measure the flow and write the section."""
    spans, batch = await measure(data)
    total = max(end for _, _, end in spans)
    source = "made from the samples" if data == SAMPLES else "of the given folder"
    summary = (
        f"One batch of {_REFERENCES:,} references {source}, on the local stack. {batch.progress.added:,} entries were"
        f" added in {total:.1f} s, which is {_REFERENCES / total:,.0f} references per second."
    )
    plot = results.write_plot("flow", svg.draw_bars(f"A batch of {_REFERENCES:,} references", spans))
    results.write_section("The whole flow", f"{summary}\n\n{plot}\n\n{_format_table(spans, total)}")
