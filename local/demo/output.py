"""The output of the demo: text on the terminal, and files in its folder."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.demo.expected_report import KINDS_BY_MISTAKE, Json
from local.next_steps import list_pages
from local.paths import ROOT

console = Console(highlight=False, soft_wrap=True)

ENDED = {"completed", "partial_failed", "failed", "rejected"}
# received, accepted, importing, and one of ENDED.
_STATUS_COUNT = 4
_FIRST_LINES = 6
_NEXT = """
[bold]What to type next[/bold]
  make up
It starts a stack that keeps running, and prints the first command of docs/walkthrough.md. The walkthrough repeats
part 1, one command at a time."""


def make_progress_bar() -> Progress:
    """Return a progress bar. Without a terminal, only its last state is printed."""
    columns = (TextColumn("  {task.description:<16}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


class Steps:
    """Prints each status of a batch with the time since the request, and a progress bar."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._seen: list[str] = []
        self._bar = make_progress_bar()
        self._task = self._bar.add_task("the batch", total=_STATUS_COUNT)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, status: str) -> str:
        """Print a status unless it was printed before. Return it."""
        if status not in self._seen:
            self._seen.append(status)
            self._bar.console.print(f"  {time.monotonic() - self._started:6.2f} s  [bold]{status}[/bold]")
            completed = _STATUS_COUNT if status in ENDED else len(self._seen)
            self._bar.update(self._task, completed=completed, description=status)
        return status


def show_selection(requested: int, loaded: int) -> None:
    """Print how many of the loaded references are requested, and how they were chosen."""
    console.print(f"""\
  {requested} of the {loaded} references are requested. They were chosen because this robot can judge them: each has an
  abstract, or a title that names a study design. For any other reference the robot would report an error.""")


def show_counts(kinds: Counter[str]) -> None:
    """Print how many lines of each kind the report has."""
    for kind, count in kinds.most_common():
        console.print(f"  {count:>6}  {kind}", markup=False)
    console.print(f"  {kinds.total():>6}  lines in the report: one for each entry and each missing reference")


def show_references(counts: Mapping[str, int]) -> None:
    """Print how the requested references divide into states."""
    states = " + ".join(f"{count} {state}" for state, count in counts.items() if count and state != "requested")
    console.print(f"  {counts['requested']} references requested = {states}", markup=False)


def show_how_to_retry(batch: Json) -> None:
    """Print how the references that were not enhanced are requested again."""
    left = batch["counts"]["requested"] - batch["counts"]["enhanced"]
    console.print(f"  This requests the {left} references again that were not enhanced:", markup=False)
    console.print(f"    POST /references/enhancement/batch/{batch['id']}/retry", markup=False)


def show_report(lines: Sequence[str]) -> None:
    """Print the first lines of a report."""
    for line in lines[:_FIRST_LINES]:
        console.print(f"    {line}", style="dim", markup=False)
    if len(lines) > _FIRST_LINES:
        console.print(f"    ... and {len(lines) - _FIRST_LINES} more lines", style="dim")


def show_enhancement(reference: Json, source: str) -> None:
    """Print the annotations that the robot with this source added to a reference."""
    titles = [enhancement["content"].get("title") for enhancement in reference["enhancements"]]
    title = next(filter(None, titles), reference["id"])
    console.print(f'  For example, the robot added these tags to "{title}":', markup=False)
    for added in (enhancement for enhancement in reference["enhancements"] if enhancement["source"] == source):
        for tag in added["content"]["annotations"]:
            phrases = ", ".join(tag["data"].get("phrases", []))
            score = f" {tag['score']:.2f}" if tag.get("score") is not None else ""
            console.print(f"    {tag['label']}{score}  {phrases}", style="bold", markup=False)


def show_mistakes(account: Mapping[str, Sequence[str]]) -> None:
    """Print how often the robot made each mistake, and the lines that the report has for it."""
    table = Table("what the robot did", "how often", "lines in the report", box=None)
    for mistake, kinds in KINDS_BY_MISTAKE.items():
        table.add_row(mistake, str(len(account.get(mistake, ()))), ", ".join(kinds))
    console.print(table)


def save_status(folder: Path, batch: Json) -> None:
    """Save the last state of a batch, without the signatures in its URLs."""
    folder.mkdir(parents=True, exist_ok=True)
    unsigned = {
        name: value.partition("?")[0] if name.endswith(("_url", "_file")) and value else value
        for name, value in batch.items()
    }
    (folder / "status.json").write_text(json.dumps(unsigned, indent=2) + "\n")


def save_report(folder: Path, text: bytes, lines: bytes) -> None:
    """Save both forms of a report."""
    (folder / "report.txt").write_bytes(text)
    (folder / "report.jsonl").write_bytes(lines)


def show_next_steps(folder: Path, logs: Path) -> None:
    """Print which files to open and what to type after the demo."""
    files = {
        folder / "part-1" / "report.txt": "what became of each reference in part 1",
        folder / "part-2" / "report.txt": "the same for part 2, with the reason for each entry that was not added",
        folder / "part-1" / "status.json": "the batch request of part 1, as the API returned it in the end",
        folder / "part-3" / "tagged.ris": "the reviewer's references with the tags as keywords, for Zotero or EndNote",
        folder / "part-3" / "comparison.html": "how well a tag predicts which references the reviewers included",
        logs: "the logs",
    }
    console.print("\n[bold]What to open[/bold]")
    for file, content in files.items():
        console.print(f"  {shorten(file):<30}  {content}", markup=False)
    console.print(_NEXT)


def show_kept_stack(api: str, stack_file: Path, robot_name: str) -> None:
    """Print where the stack of the demo is, which keeps running."""
    console.print("\n[bold]The stack keeps running, with the batches of the demo. Ctrl-C stops and deletes it.[/bold]")
    for name, address in {**list_pages(api), "api": api}.items():
        console.print(f"  {name:<11}{address}", markup=False)
    console.print(f"  tokens     {shorten(stack_file)}, one for each role", markup=False)
    console.print(f'  The robot "{robot_name}" keeps running, too, and accepts new batches.', markup=False)


def shorten(path: Path) -> str:
    """Return a path as it is typed in the folder of this project."""
    return str(path.relative_to(ROOT))
