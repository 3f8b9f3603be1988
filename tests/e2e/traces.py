"""What a stack told of its work: spans and log records as they stand in its files."""

import json
from collections import defaultdict
from typing import Any

from tests.stacks import Stack

Told = dict[str, Any]


def told(stack: Stack, what: str) -> list[Told]:
    """Return the `spans`, `logs` or `metrics` that have been written so far."""
    lines = (stack.folder / "telemetry" / f"{what}.jsonl").read_text().splitlines(keepends=True)
    # The last one may still be on its way.
    return [json.loads(line) for line in lines if line.endswith("\n")]


def of_batch(stack: Stack, batch_id: str) -> list[Told]:
    """Return every span that names the batch."""
    return [span for span in told(stack, "spans") if span["attributes"].get("batch_id") == batch_id]


def traces_of(stack: Stack, batch_id: str) -> dict[str, list[Told]]:
    """Return the traces in which spans name the batch, each whole."""
    wanted = {span["context"]["trace_id"] for span in of_batch(stack, batch_id)}
    traces = defaultdict(list)
    for span in told(stack, "spans"):
        if span["context"]["trace_id"] in wanted:
            traces[span["context"]["trace_id"]].append(span)
    return traces


def tree(spans: list[Told]) -> list[str]:
    """Draw the spans: each below its parent, by their starts, as deep as it hangs. Roots have no parent among them."""
    ids = {span["context"]["span_id"] for span in spans}
    children = defaultdict(list)
    for span in sorted(spans, key=lambda span: span["start_time"]):
        children[span["parent_id"] if span["parent_id"] in ids else None].append(span)

    def drawn(parent: str | None, depth: int) -> list[str]:
        lines = []
        for span in children[parent]:
            lines += ["  " * depth + span["name"], *drawn(span["context"]["span_id"], depth + 1)]
        return lines

    return drawn(None, 0)
