"""What the demo shows, and what it leaves behind."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from exchange.domain.report import ADDED
from local.demo.expected import NAMED
from local.demo.requestor import Json

console = Console(highlight=False, soft_wrap=True)

ENDED = {"completed", "partial_failed", "failed", "rejected"}
# received, accepted, importing, and one of ENDED.
_STEPS = 4
_HEAD = 6


def bar() -> Progress:
    """Return a progress bar; where there is no terminal, only its last state is printed."""
    columns = (TextColumn("  {task.description:<16}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


class Steps:
    """Shows each status of a batch as it comes, how long it took since the request, and a bar towards the end."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._seen: list[str] = []
        self._bar = bar()
        self._task = self._bar.add_task("the batch", total=_STEPS)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, status: str) -> str:
        """Show a status if it is a new one; return it."""
        if status not in self._seen:
            self._seen.append(status)
            self._bar.console.print(f"  {time.monotonic() - self._started:6.2f} s  [bold]{status}[/bold]")
            self._bar.update(self._task, completed=_STEPS if status in ENDED else len(self._seen), description=status)
        return status


def show_counts(found: Counter[str]) -> None:
    """Show the counts of a report."""
    for name, number in found.most_common():
        console.print(f"  {number:>6}  {name}", markup=False)
    console.print(f"  {found.total():>6}  lines of the report: one for each entry and each missing reference")


def show_head(text: Sequence[str]) -> None:
    """Show the first lines of a report, and if all of these are good news, the first that is not."""
    shown = list(text[:_HEAD])
    if all(line.endswith(ADDED) for line in shown):
        shown += [line for line in text[_HEAD:] if not line.endswith(ADDED)][:1]
    for line in shown:
        console.print(f"    {line}", style="dim", markup=False)
    if len(text) > len(shown):
        console.print(f"    ... and {len(text) - len(shown)} more", style="dim")


def show_enhancement(reference: Json, source: str) -> None:
    """Show what a robot of this source added to a reference."""
    titles = [one["content"].get("title") for one in reference["enhancements"]]
    console.print(f'  For example, "{next(filter(None, titles), reference["id"])}" has been tagged', markup=False)
    for added in (one for one in reference["enhancements"] if one["source"] == source):
        for tag in added["content"]["annotations"]:
            phrases = ", ".join(tag["data"].get("phrases", []))
            score = f" {tag['score']:.2f}" if tag.get("score") is not None else ""
            console.print(f"    {tag['label']}{score}  {phrases}", style="bold", markup=False)


def show_misdeeds(account: Mapping[str, Sequence[str]]) -> None:
    """Show what the misbehaving robot says it did, beside how the report names that."""
    table = Table("what the robot did", "how often", "how the report names it", box=None)
    for name, kinds in NAMED.items():
        table.add_row(name, str(len(account.get(name, ()))), ", ".join(kinds))
    console.print(table)


def keep_status(folder: Path, batch: Json) -> None:
    """Keep the status of a batch, its signed URLs without their signatures."""
    folder.mkdir(parents=True, exist_ok=True)
    unsigned = {
        name: value.partition("?")[0] if name.endswith(("_url", "_file")) and value else value
        for name, value in batch.items()
    }
    (folder / "status.json").write_text(json.dumps(unsigned, indent=2) + "\n")


def keep_report(folder: Path, text: bytes, lines: bytes) -> None:
    """Keep both forms of a report."""
    (folder / "report.txt").write_bytes(text)
    (folder / "report.jsonl").write_bytes(lines)
