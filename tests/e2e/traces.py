"""The telemetry of a stack: the spans, log records and metrics in its files."""

import json
from collections import defaultdict
from typing import Any

from tests.stacks import Stack

Record = dict[str, Any]


def read_telemetry(stack: Stack, kind: str) -> list[Record]:
    """Return the `spans`, `logs` or `metrics` that have been written so far."""
    lines = (stack.folder / "telemetry" / f"{kind}.jsonl").read_text().splitlines(keepends=True)
    # The last line may be incomplete.
    return [json.loads(line) for line in lines if line.endswith("\n")]


def list_spans(stack: Stack, batch_id: str) -> list[Record]:
    """Return every span that names the batch."""
    return [span for span in read_telemetry(stack, "spans") if span["attributes"].get("batch_id") == batch_id]


def list_traces(stack: Stack, batch_id: str) -> dict[str, list[Record]]:
    """Return all spans of the traces in which a span names the batch, by trace id."""
    wanted = {span["context"]["trace_id"] for span in list_spans(stack, batch_id)}
    traces = defaultdict(list)
    for span in read_telemetry(stack, "spans"):
        if span["context"]["trace_id"] in wanted:
            traces[span["context"]["trace_id"]].append(span)
    return traces


def draw_tree(spans: list[Record]) -> list[str]:
    """Return one line for each span: below its parent, sorted by start, indented by depth.

    A span whose parent is not among the spans is a root.
    """
    ids = {span["context"]["span_id"] for span in spans}
    children = defaultdict(list)
    for span in sorted(spans, key=lambda span: span["start_time"]):
        children[span["parent_id"] if span["parent_id"] in ids else None].append(span)

    def draw(parent: str | None, depth: int) -> list[str]:
        lines = []
        for span in children[parent]:
            lines += ["  " * depth + span["name"], *draw(span["context"]["span_id"], depth + 1)]
        return lines

    return draw(None, 0)
