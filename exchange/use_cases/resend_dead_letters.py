"""Resending dead letters, for operators."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from exchange.contract.operations import (
    MAX_RESENT,
    DeadLetterQueue,
    DeadLetterResendIn,
    DeadLetterResendResult,
    ResentDeadLetter,
    UnreachableQueue,
)
from exchange.domain.blob_names import batch_of_result
from exchange.domain.callers import User
from exchange.domain.errors import ExchangeError, InputRejected, NotFound
from exchange.domain.messages import ValidateMessage
from exchange.ports import Services

log = logging.getLogger(__name__)

# After this time nothing more is started, and after the second one what is running is cancelled. A client waits for a
# minute, and Azure for almost four.
_START_WITHIN_S = 25.0
_END_WITHIN_S = 45.0
_NO_TIME = "There was no time for it. Resend it again."


@dataclass(slots=True)
class _Run:
    """One call: who makes it, and what has become of the dead letters so far, by their ids."""

    user: User
    services: Services
    started_at: float
    results: dict[str, str | None] = field(default_factory=dict)
    unreachable: dict[DeadLetterQueue, str] = field(default_factory=dict)
    remaining: bool = False


async def resend(request: DeadLetterResendIn, user: User, services: Services) -> DeadLetterResendResult:
    """Resend dead letters, at most `MAX_RESENT`, and return what became of each. Idempotent.

    An event of an upload becomes a message to validate the upload, because a validation may take longer than a caller
    can wait. A queue that cannot be reached is named, and the others are processed.
    """
    run = _Run(user, services, services.clock())
    names = None if request.ids is None else _group_by_queue(request.ids)
    queues = [request.queue] if request.queue is not None else list(services.dead_letters if names is None else names)
    try:
        async with asyncio.timeout(_END_WITHIN_S):
            for queue in queues:
                await _resend_from(queue, None if names is None else names[queue], run)
    except TimeoutError:
        run.remaining = True
    if request.ids is not None:
        for letter_id in request.ids:
            queue = DeadLetterQueue(letter_id.partition("/")[0])
            run.results.setdefault(letter_id, run.unreachable.get(queue, _NO_TIME))
        run.remaining = _NO_TIME in run.results.values()
    return DeadLetterResendResult(
        results=[ResentDeadLetter(id=letter_id, error=error) for letter_id, error in run.results.items()],
        remaining=run.remaining,
        unreachable=[UnreachableQueue(queue=queue, reason=reason) for queue, reason in run.unreachable.items()],
    )


def _group_by_queue(ids: Collection[str]) -> Mapping[DeadLetterQueue, set[str]]:
    names: dict[DeadLetterQueue, set[str]] = defaultdict(set)
    for letter_id in ids:
        queue, _, name = letter_id.partition("/")
        names[DeadLetterQueue(queue)].add(name)
    return names


async def _resend_from(queue: DeadLetterQueue, names: Collection[str] | None, run: _Run) -> None:
    async def revalidate(blob: str) -> str | None:
        return await _request_validation(blob, run.services)

    if _is_over(run):
        return
    try:
        async with aclosing(run.services.dead_letters[queue].resend(names, revalidate)) as results:
            async for result in results:
                letter_id = f"{queue}/{result.name}"
                run.results[letter_id] = result.fault
                log.info(
                    "dead letter %s: %s by %s",
                    letter_id,
                    "resent" if result.fault is None else "not resent",
                    run.user.id,
                )
                if _is_over(run):
                    return
    except ExchangeError as error:
        run.unreachable[queue] = str(error)


def _is_over(run: _Run) -> bool:
    """Return whether the call has reached its limit. Then there may be more dead letters."""
    too_late = run.services.clock() >= run.started_at + _START_WITHIN_S
    run.remaining = run.remaining or too_late or len(run.results) >= MAX_RESENT
    return run.remaining


async def _request_validation(blob: str, services: Services) -> str | None:
    """Send a message to validate the upload. Return the fault if its batch does not exist.

    A blob that is not the result of a batch needs no validation. Raises Unavailable, because others would fail too.
    """
    try:
        batch_id = batch_of_result(blob)
        await services.batches.load(batch_id)
    except InputRejected:
        return None
    except NotFound as error:
        return str(error)
    await services.queues.send(ValidateMessage(batch_id, services.clock()))
    return None
