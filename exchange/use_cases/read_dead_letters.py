"""The dead letters, for operators."""

import asyncio

from exchange.contract.operations import (
    DeadLetterList,
    DeadLetterQueue,
    DeadLetterRead,
    DeadLettersQuery,
    UnreachableQueue,
)
from exchange.domain.dead_letters import DeadLetter
from exchange.ports import Services
from exchange.use_cases.read_parts import read_part


async def read_dead_letters(query: DeadLettersQuery, services: Services) -> DeadLetterList:
    """Return the first dead letters, queue by queue. A queue that cannot be read is named, and the others are read."""
    stores = {queue: store for queue, store in services.dead_letters.items() if query.queue in {None, queue}}
    pages = await asyncio.gather(*(read_part(store.list_first(query.limit)) for store in stores.values()))
    letters: list[DeadLetterRead] = []
    unreachable: list[UnreachableQueue] = []
    truncated = False
    for queue, page in zip(stores, pages, strict=True):
        if page.value is not None:
            letters += (_to_wire(queue, letter) for letter in page.value.letters)
            truncated = truncated or page.value.truncated
        elif page.fault is not None:
            unreachable.append(UnreachableQueue(queue=queue, reason=page.fault))
    return DeadLetterList(
        dead_letters=letters[: query.limit],
        truncated=truncated or len(letters) > query.limit,
        unreachable=unreachable,
    )


def _to_wire(queue: DeadLetterQueue, letter: DeadLetter) -> DeadLetterRead:
    return DeadLetterRead(
        id=f"{queue}/{letter.name}",
        queue=queue,
        batch_request_id=letter.batch_ids[0] if letter.batch_ids else None,
        batch_request_ids=list(letter.batch_ids) if len(letter.batch_ids) > 1 else None,
        since=letter.since,
        attempts=letter.attempts,
        reason=letter.reason,
    )
