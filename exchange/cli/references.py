"""`exchange references`: load, find and export references."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import IO, Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.cli.originals import compute_digest
from exchange.cli.progress import show_progress
from exchange.cli.reading import read_all
from exchange.cli.selection import NOTHING, Selected, collect_ids, find_ids, open_input
from exchange.cli.terminal import Terminal
from exchange.contract.base import to_jsonl
from exchange.contract.references import OnExisting
from exchange.files.replacing import replacing
from exchange.formats import Fault, Reading, Record, Row, read_references, write_references

app = App(name="references")


class _Loading:
    """What is loaded: its lines, and the record of each of them. Faults are reported as they are found."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._records: deque[Record] = deque()
        self.refused = 0
        self.loaded = 0
        self.existing = 0

    def list_lines(self, readings: Iterator[Reading | Fault]) -> Iterator[bytes]:
        """Yield the line of each reference."""
        for reading in readings:
            if isinstance(reading, Fault):
                self.report(reading.file, reading.line, reading.reason)
                continue
            record = reading.record
            for warning in reading.warnings:
                self._terminal.say(f"{record.file}:{record.line}: {warning}")
            self._records.append(record)
            yield to_jsonl(reading.reference)

    def report(self, file: str, line: int, reason: str) -> None:
        """Report a record that was not loaded."""
        self.refused += 1
        self._terminal.say(f"{file}:{line}: {reason}")

    @contextmanager
    def explain_interruption(self) -> Iterator[None]:
        """Say what is loaded if the context is interrupted. A file for the ids is not kept then."""
        try:
            yield
        except KeyboardInterrupt:
            self._terminal.say(f"{self.loaded} references are loaded. The same command again gives the ids of all.")
            raise

    def take_record(self) -> Record:
        """Return the record of the next line."""
        return self._records.popleft()


@app.command
def load(
    *files: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    format: str = "auto",
    map: dict[str, str] | None = None,
    source: str | None = None,
    on_existing: OnExisting = OnExisting.MERGE,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    output: Path | None = None,
    common: Common = COMMON,
) -> int:
    """Load reference files: RIS, BibTeX, CSV, TSV, XLSX, PubMed, OpenAlex, Crossref or JSONL.

    Prints a JSON line for each reference with its id, for `exchange batches request --from`. The exit code is 3 if a
    record could not be loaded.

    Parameters
    ----------
    files
        The files. Their formats and encodings are recognised. `-` is standard input.
    format
        The format of the files: `ris`, `bibtex`, `csv`, `tsv`, `xlsx`, `nbib`, `pubmed-xml`, `openalex`, `crossref` or
        `jsonl`.
    map
        The columns of a table that are not recognised: `--map.title "Article name"`. What is printed has them too, so
        that other commands read the same columns.
    source
        The source of what the files say. The default is the name of each file.
    on_existing
        What happens to a reference that is known: `merge` adds what is new, `skip` leaves it, `fail` refuses it.
    dry_run
        Only read the files.
    output
        Write the JSON lines to this file.
    """
    if not files:
        raise CommandError("Name at least one file.", Exit.USAGE)
    loading = _Loading(common.terminal)
    with ExitStack() as stack:
        paths = [stack.enter_context(open_input(file)) for file in files]
        # At once, so that a file of another kind is found before anything is loaded.
        started = [_start(read_references(path, format, columns=map, source=source)) for path in paths]
        readings = chain.from_iterable(started)
        if dry_run:
            for _ in loading.list_lines(readings):
                loading.take_record()
                loading.loaded += 1
        else:
            client = stack.enter_context(common.connect())
            stack.enter_context(loading.explain_interruption())
            written = stack.enter_context(replacing(output)) if output else None
            answers = client.load_references(loading.list_lines(readings), on_existing)
            for answer in show_progress(answers, "references"):
                record = loading.take_record()
                if answer.error is not None:
                    loading.report(record.file, record.line, answer.error)
                    continue
                loading.loaded += 1
                loading.existing += answer.existing
                place = {"file": record.file, "line": record.line, "digest": compute_digest(record)}
                chosen = {"map": map} if map else {}
                _write_line(written, {"id": str(answer.id), "existing": answer.existing, **place, **chosen})
    done = "could be loaded" if dry_run else f"are loaded, {loading.existing} of them were known"
    common.terminal.say(f"{loading.loaded} references {done}. {loading.refused} records were refused.")
    if not dry_run and loading.loaded:
        common.terminal.suggest(f"exchange batches request ROBOT --from {output or 'FILE'} --wait")
    return Exit.ENDED_WITH_FAILURES if loading.refused else Exit.DONE


def _start(readings: Iterator[Reading | Fault]) -> Iterator[Reading | Fault]:
    """Read the first record now. Return all of them."""
    return chain(list(islice(readings, 1)), readings)


def _write_line(file: IO[bytes] | None, fields: dict[str, Any]) -> None:
    if file is not None:
        file.write(json.dumps(fields).encode() + b"\n")
    else:
        print(json.dumps(fields))


@app.command
def find(*, selected: Selected = NOTHING, common: Common = COMMON) -> None:
    """Print the ids of references."""
    with common.connect() as client:
        ids = collect_ids(selected, client, common.terminal)
    if common.json:
        common.terminal.write_json([str(item) for item in ids])
    else:
        print(*ids, sep="\n")


@app.command
def show(reference: str, *, common: Common = COMMON) -> None:
    """Show a reference with its enhancements, newest first.

    Parameters
    ----------
    reference
        Its id in the exchange, or its DOI.
    """
    with common.connect() as client:
        try:
            reference_id = UUID(reference)
        except ValueError:
            (known,) = find_ids([[{"identifier_type": "doi", "identifier": reference}]], client)
            if known is None:
                raise CommandError(f"The exchange has no reference with the DOI {reference}.") from None
            reference_id = known
        (found,) = read_all(client, [reference_id])
    if common.json:
        common.terminal.write_json(found)
        return
    common.terminal.write_table(
        ("identifier", ""), [(item.identifier_type, item.identifier) for item in found.identifiers or []]
    )
    rows = (
        (item.created_at, item.source, item.robot_version, item.content.enhancement_type, _describe(item.content))
        for item in found.enhancements or []
    )
    common.terminal.write_table(("added", "source", "version", "type", "content"), rows)


def _describe(content: Any) -> str:
    """Return the content in one cell."""
    if content.enhancement_type == "annotation":
        return ", ".join(
            f"{item.scheme}:{item.label}" + ("" if getattr(item, "value", True) else " = no")
            for item in content.annotations
        )
    return str(getattr(content, "title", None) or getattr(content, "abstract", None) or "")[:200]


@app.command
def export(
    output: Path,
    *,
    selected: Selected = NOTHING,
    format: str = "auto",
    common: Common = COMMON,
) -> None:
    """Write references with all their enhancements to a file.

    Parameters
    ----------
    output
        The file. It appears only when it is complete.
    format
        `ris`, `bibtex`, `csv`, `tsv`, `xlsx` or `jsonl`. The default is the suffix of the file.
    """
    with common.connect() as client:
        ids = collect_ids(selected, client, common.terminal)
        count = write_references(output, format, (Row(reference) for reference in read_all(client, ids)))
    common.terminal.say(f"{count} references are in {output}.")
