"""`exchange ops`: what operators look at, and what they resend."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.contract.operations import (
    MAX_RESENT,
    DeadLetterQueue,
    DeadLetterResendIn,
    DeadLetterResendResult,
    OperationStats,
)

if TYPE_CHECKING:
    from exchange.client import Client

app = App(name="ops")
dead_letters = App(name="dead-letters", help="List dead letters, and resend them.")
app.command(dead_letters)


@app.command
def health(*, common: Common = COMMON) -> None:
    """Check that everything that the exchange depends on answers."""
    with common.connect() as client:
        found = client.read_health()
    common.terminal.show(found, ("status",), [(found.status,)])


@app.command
def stats(*, common: Common = COMMON) -> int:
    """Count open and overdue batch requests, dead letters, and failed deliveries to webhooks.

    The exit code is 1 if a part cannot be read.
    """
    with common.connect() as client:
        found = client.read_stats()
    common.terminal.show(found, ("what", "count", "oldest (s)"), _make_rows(found))
    for part in found.unreachable:
        common.terminal.say(f"{part.part}: {part.reason}")
    if any(item.count for item in found.dead_letters):
        common.terminal.suggest("exchange ops dead-letters list")
    elif found.overdue:
        common.terminal.suggest("exchange ops overdue")
    return Exit.FAILED if found.unreachable else Exit.DONE


def _make_rows(found: OperationStats) -> Iterator[Sequence[object]]:
    for group in found.open_batch_requests or ():
        age = None if group.oldest_age_s is None else round(group.oldest_age_s)
        yield f"batch requests in phase {group.phase}", group.count, age
    yield "overdue batch requests", found.overdue, None
    for item in found.dead_letters:
        yield f"dead letters of {item.queue}", item.count, None
    yield "failed deliveries to webhooks", found.failed_webhook_deliveries, None


@app.command
def overdue(*, limit: int = 100, common: Common = COMMON) -> None:
    """List batch requests whose next step is overdue, longest overdue first.

    Parameters
    ----------
    limit
        The maximum number of batch requests, at most 100.
    """
    with common.connect() as client:
        found = client.list_overdue(limit)
    rows = (
        (batch.id, batch.part_of, batch.phase, batch.created_at, batch.due_at, batch.robot_id, batch.waiting_for)
        for batch in found.batch_requests
    )
    columns = ("batch request", "part of", "phase", "created", "due", "robot", "waiting for")
    common.terminal.show(found, columns, rows)
    _tell_truncated(common, truncated=found.truncated)
    if found.batch_requests:
        first = found.batch_requests[0]
        common.terminal.suggest(f"exchange batches show {first.part_of or first.id}")


def _tell_truncated(common: Common, *, truncated: bool) -> None:
    if truncated:
        common.terminal.say("There are more than these.")


@dead_letters.command(name="list")
def list_dead_letters(*, queue: DeadLetterQueue | None = None, limit: int = 100, common: Common = COMMON) -> int:
    """List dead letters: messages and events that nothing processes any more.

    The exit code is 1 if a queue cannot be read.

    Parameters
    ----------
    queue
        Only the dead letters of this queue.
    limit
        The maximum number of dead letters, at most 1000.
    """
    with common.connect() as client:
        found = client.list_dead_letters(queue, limit)
    if found.dead_letters or found.unreachable or common.json:
        rows = (
            (
                letter.id,
                ", ".join(map(str, letter.batch_request_ids or [])) or letter.batch_request_id,
                letter.since,
                letter.attempts,
                letter.reason,
            )
            for letter in found.dead_letters
        )
        common.terminal.show(found, ("id", "batch request", "since (UTC)", "attempts", "reason"), rows)
    else:
        common.terminal.say("There are no dead letters.")
    _tell_truncated(common, truncated=found.truncated)
    for part in found.unreachable:
        common.terminal.say(f"{part.queue}: {part.reason}")
    if found.dead_letters:
        common.terminal.suggest("exchange ops dead-letters resend --all")
    return Exit.FAILED if found.unreachable else Exit.DONE


@dead_letters.command
def resend(
    *ids: str,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    queue: DeadLetterQueue | None = None,
    common: Common = COMMON,
) -> int:
    """Resend dead letters: those with these ids, or all. Repeating this is harmless.

    The exit code is 3 if a dead letter was not resent, and 1 if a queue cannot be reached.

    Parameters
    ----------
    ids
        The ids as `list` shows them: dispatch/3.
    all_
        Resend all dead letters.
    queue
        With --all: only those of this queue.
    """
    if all_ == bool(ids):
        raise CommandError("Name the dead letters to resend: either --all, or ids as `list` shows them.", Exit.USAGE)
    if ids and queue is not None:
        raise CommandError("Leave --queue out, because each id names its queue.", Exit.USAGE)
    with common.connect() as client:
        answers = _resend_all(client, queue) if all_ else _resend_ids(client, ids)
        return _show_resent(common, list(answers))


def _resend_ids(client: "Client", ids: Iterable[str]) -> Iterator[DeadLetterResendResult]:
    remaining = iter(dict.fromkeys(ids))
    while batch := list(islice(remaining, MAX_RESENT)):
        yield client.resend_dead_letters(DeadLetterResendIn(ids=batch))


def _resend_all(client: "Client", queue: DeadLetterQueue | None) -> Iterator[DeadLetterResendResult]:
    """Call until none remain, or until a call resends nothing: what could not be resent is tried again by each call."""
    request = DeadLetterResendIn(all=True) if queue is None else DeadLetterResendIn(all=True, queue=queue)
    while True:
        answer = client.resend_dead_letters(request)
        yield answer
        if not answer.remaining or all(result.error is not None for result in answer.results):
            return


def _show_resent(common: Common, answers: Sequence[DeadLetterResendResult]) -> int:
    """Show the last result for each dead letter. Return the exit code."""
    results = {result.id: result for answer in answers for result in answer.results}
    unreachable = {part.queue: part.reason for part in answers[-1].unreachable}
    remaining = answers[-1].remaining
    if results or common.json:
        rows = (
            (result.id, "resent" if result.error is None else f"not resent. {result.error}")
            for result in results.values()
        )
        shown = DeadLetterResendResult(
            results=list(results.values()), remaining=remaining, unreachable=answers[-1].unreachable
        )
        common.terminal.show(shown, ("id", "result"), rows)
    elif not unreachable:
        common.terminal.say("There are no dead letters.")
    for queue, reason in unreachable.items():
        common.terminal.say(f"{queue}: {reason}")
    if unreachable:
        return Exit.FAILED
    failed = remaining or any(result.error is not None for result in results.values())
    return Exit.ENDED_WITH_FAILURES if failed else Exit.DONE


@app.command
def failed_webhooks(*, limit: int = 100, common: Common = COMMON) -> None:
    """List failed deliveries to all webhooks, latest first.

    Parameters
    ----------
    limit
        The maximum number of deliveries, at most 100.
    """
    with common.connect() as client:
        found = client.list_failed_deliveries(limit)
    rows = (
        (item.webhook_id, item.id, item.url_host, item.event, item.attempts, item.reason, item.created_at)
        for item in found.deliveries
    )
    common.terminal.show(found, ("webhook", "delivery", "host", "event", "attempts", "reason", "created"), rows)
    _tell_truncated(common, truncated=found.truncated)
    if found.deliveries:
        first = found.deliveries[0]
        common.terminal.suggest(f"exchange webhooks redeliver {first.webhook_id} {first.id}")
