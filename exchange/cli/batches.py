"""`exchange batches`: request batches, and read what became of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

from exchange.cli.batch_ids import BatchId, find_batch, find_batches
from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.cli.progress import follow
from exchange.cli.selection import NOTHING, Selected, batched_up_to, collect_ids
from exchange.cli.terminal import clean
from exchange.client import UPLOADED_ABOVE, Client
from exchange.contract.batches import BatchEnhancementRequestDryRun, BatchEnhancementRequestRead, BatchStatus
from exchange.contract.reports import EntryKind, ReferenceCounts

app = App(name="batches")

_COLUMNS = ("batch request", "status", "references", "enhanced", "other", "error")


def list_counts(counts: ReferenceCounts) -> str:
    """Return the states other than enhanced that references are in."""
    states = ("failed", "missing", "cancelled", "skipped", "pending")
    return ", ".join(f"{count} {state}" for state in states if (count := getattr(counts, state)))


def _make_row(batch: Any, requested: int | None = None) -> Sequence[object]:
    counts = batch.counts or ReferenceCounts(requested=requested or 0)
    return batch.id, batch.request_status, counts.requested, counts.enhanced, list_counts(counts), batch.error


def _show(common: Common, batches: Sequence[BatchEnhancementRequestRead]) -> int:
    """Show batch requests that may have ended. Return the exit code."""
    shown = batches[0] if len(batches) == 1 else batches
    common.terminal.show(shown, _COLUMNS, map(_make_row, batches))
    completed = all(batch.request_status is BatchStatus.COMPLETED for batch in batches)
    return Exit.DONE if completed else Exit.ENDED_WITH_FAILURES


def _show_open(common: Common, batch: BatchEnhancementRequestRead) -> None:
    """Show a batch request that may go on."""
    common.terminal.show(batch, _COLUMNS, [_make_row(batch)])
    common.terminal.suggest(f"exchange batches watch {batch.id}")


def _end_request(
    client: Client, batch: BatchEnhancementRequestRead, common: Common, *, wait: bool, uploaded: bool = False
) -> int:
    """Show a new batch request, or wait for its end. Return the exit code."""
    if wait:
        common.terminal.say(f"Batch request {batch.id}")
        return _show(common, follow(client, [batch.id], common.terminal))
    if uploaded:
        common.terminal.show(batch, _COLUMNS, [_make_row(batch)])
        common.terminal.say(
            "The exchange reads the list now, and the batch request can still fail. Follow it: "
            f"exchange batches watch {batch.id}"
        )
    else:
        _show_open(common, batch)
    return Exit.DONE


@app.command
def request(
    robot: str,
    *,
    selected: Selected = NOTHING,
    source: str | None = None,
    metadata: dict[str, str] | None = None,
    test_run: Annotated[bool, Parameter(negative="")] = False,
    skip_enhanced: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    key: str | None = None,
    wait: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Ask a robot to enhance references.

    Parameters
    ----------
    robot
        The name or the id of the robot.
    source
        Free text, for example the name of the review.
    metadata
        Names and values of your own: `--metadata.review nudging`.
    test_run
        The result is validated and reported, but nothing is added.
    skip_enhanced
        Leave out references that this version of the robot has enhanced already.
    dry_run
        Only check which of the references exist, and with --skip-enhanced how many would be left out.
    key
        A name of your own for this request. The same command with the same key requests it only once. With more than
        50,000 references, a second command with the same key is refused.
    wait
        Wait for the end and show the progress.
    """
    with common.connect() as client:
        robot_id = client.find_robot(robot).id
        ids = collect_ids(selected, client, common.terminal)
        if dry_run:
            found = _check(client, robot_id, ids, skip_enhanced=skip_enhanced)
            columns, row = ["requested", "found", "unknown"], [found.requested, found.found, len(found.unknown)]
            if found.skipped is not None:
                columns, row = [*columns, "skipped"], [*row, found.skipped]
            common.terminal.show(found, columns, [row])
            return Exit.ENDED_WITH_FAILURES if found.unknown else Exit.DONE
        uploaded = len(ids) > UPLOADED_ABOVE
        if uploaded:
            common.terminal.say(f"Uploading the list of {len(ids):,} references ...")
        batch = client.request_batch(
            robot_id=robot_id,
            reference_ids=ids,
            source=source,
            metadata=metadata,
            test_run=test_run,
            skip_enhanced=skip_enhanced,
            idempotency_key=key,
        )
        for warning in batch.warnings or []:
            common.terminal.say(warning)
        return _end_request(client, batch, common, wait=wait, uploaded=uploaded)


def _check(
    client: Client, robot_id: UUID, reference_ids: Sequence[UUID], *, skip_enhanced: bool
) -> BatchEnhancementRequestDryRun:
    """Check the references in several calls, because each has a limit."""
    parts = [
        client.check_batch(robot_id=robot_id, reference_ids=ids, skip_enhanced=skip_enhanced)
        for ids in batched_up_to(reference_ids, UPLOADED_ABOVE)
    ]
    return BatchEnhancementRequestDryRun(
        robot_id=robot_id,
        requested=sum(part.requested for part in parts),
        found=sum(part.found for part in parts),
        unknown=[item for part in parts for item in part.unknown],
        skipped=sum(part.skipped or 0 for part in parts) if skip_enhanced else None,
    )


@app.command(name="list")
def list_batches(
    *,
    status: list[BatchStatus] | None = None,
    robot: str | None = None,
    source: str | None = None,
    metadata: dict[str, str] | None = None,
    limit: int = 50,
    common: Common = COMMON,
) -> None:
    """List your batch requests, newest first.

    Parameters
    ----------
    status
        List those with this status only. May be repeated.
    robot
        List those to this robot only: its name or id.
    source
        List those with exactly this source only.
    metadata
        List those with this metadata only: `--metadata.review nudging`.
    limit
        The maximum number of batch requests.
    """
    with common.connect() as client:
        robot_id = None if robot is None else client.find_robot(robot).id
        found = client.list_batches(status=status, robot_id=robot_id, source=source, metadata=metadata)
        batches = [batch for batch, _ in zip(found, range(limit), strict=False)]
    rows = ((*_make_row(batch, batch.references), batch.created_at, batch.source) for batch in batches)
    common.terminal.show(batches, (*_COLUMNS, "created", "source"), rows)


@app.command
def show(batch: BatchId, *, common: Common = COMMON) -> None:
    """Show one batch request."""
    with common.connect() as client:
        found = client.read_batch(find_batch(client, batch))
    if common.json:
        common.terminal.write_json(found)
        return
    counted = {"references": found.counts, "entries": found.entries, "parts": found.parts}
    fields = found.model_dump(mode="json", exclude_none=True, exclude={"reference_ids", "counts", "entries", "parts"})
    counts = {
        f"{name}: {key}": value
        for name, item in counted.items()
        if item is not None
        for key, value in item.model_dump().items()
        # That no part is open or left says something, too.
        if value or name == "parts"
    }
    # A signed URL is a secret for as long as it is valid.
    rows = [(name, value) for name, value in {**fields, **counts}.items() if not _is_url(name)]
    common.terminal.write_table(("", ""), rows)


def _is_url(name: str) -> bool:
    return name.endswith(("_url", "_file"))


@app.command
def watch(*batches: BatchId, common: Common = COMMON) -> int:
    """Show the progress of batch requests until all have ended.

    The exit code is 0 if all are completed, and 3 otherwise.
    """
    if not batches:
        raise CommandError("Name at least one batch request.", Exit.USAGE)
    with common.connect() as client:
        return _show(common, follow(client, find_batches(client, batches), common.terminal))


@app.command
def report(batch: BatchId, *, output: Path | None = None, lines: bool = False, common: Common = COMMON) -> None:
    """Print the report: a line for each entry and each missing reference.

    Parameters
    ----------
    output
        Save it in this file.
    lines
        The report as JSON lines, for programs.
    """
    with common.connect() as client:
        found = client.read_batch(find_batch(client, batch))
        url = found.validation_result_url if lines or common.json else found.validation_result_file
        if url is None:
            raise CommandError(f"The batch request has no report: it is {found.request_status}.")
        if output is not None:
            client.save(url, output)
            return
        for line in client.read_lines(url):
            print(clean(line.decode(errors="replace")))


@app.command
def errors(
    batch: BatchId,
    *,
    kind: EntryKind | None = None,
    limit: int = 100,
    common: Common = COMMON,
) -> None:
    """Show the messages of the report, the most frequent ones first. With --kind, list the entries of this kind.

    Parameters
    ----------
    kind
        List the entries of this kind.
    limit
        The maximum number of entries.
    """
    with common.connect() as client:
        batch_id = find_batch(client, batch)
        if kind is not None:
            entries = [item for item, _ in zip(client.list_entries(batch_id, kind=kind), range(limit), strict=False)]
            rows = ((item.line, item.reference_id, item.message) for item in entries)
            common.terminal.show(entries, ("line", "reference", "message"), rows)
            return
        found = client.list_errors(batch_id)
    messages = (
        (item.count, item.kind, item.message, item.examples[0] if item.examples else "") for item in found.errors
    )
    common.terminal.show(found, ("count", "kind", "message", "for example"), messages)
    if found.truncated:
        common.terminal.say("There are more messages than these.")


@app.command
def cancel(batch: BatchId, *, reason: str | None = None, common: Common = COMMON) -> None:
    """Cancel a batch request. What is added already stays.

    Parameters
    ----------
    reason
        Free text. It becomes part of the error of the batch request.
    """
    with common.connect() as client:
        found = client.cancel_batch(find_batch(client, batch), reason)
    _show_open(common, found)


@app.command
def retry(
    batch: BatchId,
    *,
    robot: str | None = None,
    wait: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> int:
    """Request the references again that were not enhanced.

    Parameters
    ----------
    robot
        Ask another robot: its name or id.
    wait
        Wait for the end and show the progress.
    """
    with common.connect() as client:
        robot_id = None if robot is None else client.find_robot(robot).id
        found = client.retry_batch(find_batch(client, batch), robot_id)
        return _end_request(client, found, common, wait=wait)


app.command("exchange.cli.batch_parts:parts", name="parts", help="List the parts of a batch request.")
# Their modules read and write files, and take longer to import.
app.command("exchange.cli.results:export", name="export", help="Write what a batch added to a reference file.")
app.command("exchange.cli.results:compare", name="compare", help="Compare the labels of a batch with others.")
