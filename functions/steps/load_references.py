"""References are loaded."""

import asyncio
from collections.abc import Iterable

from pydantic import ValidationError

from functions.contract.base import faults
from functions.contract.references import LoadedLine, LoadedReference, ReferenceFileInput
from functions.domain.errors import InputRejected, TooLarge
from functions.domain.storable import unstorable
from functions.ports import Services

_AT_ONCE = 8


async def load_reference(reference: ReferenceFileInput, services: Services) -> LoadedReference:
    """Load one reference; raises InputRejected if it can't be kept."""
    why = unstorable(reference.model_dump())
    if why is not None:
        raise InputRejected(f"The reference can't be stored: {why}.")
    loaded = await services.references.add(reference)
    return LoadedReference(id=loaded.id, existing=loaded.existing)


async def load_lines(lines: Iterable[bytes], services: Services) -> list[LoadedLine]:
    """Load a references file's non-blank lines, each for itself, and say of each what became of it, in their order.

    Raises TooLarge before anything is loaded; Unavailable if the store is down, and then some may be loaded already.
    """
    wanted = [line for line in lines if line.strip()]
    most = services.limits.references_per_load
    if len(wanted) > most:
        raise TooLarge(f"At most {most} lines are taken at once, and these are {len(wanted)}: send them in parts.")
    numbered = iter(enumerate(wanted))
    loaded: dict[int, LoadedLine] = {}

    async def work() -> None:
        for number, line in numbered:
            loaded[number] = await _load_line(line, services)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(_AT_ONCE):
                workers.create_task(work())
    except ExceptionGroup as several:
        # The first stops the others, which may have failed by the same outage.
        raise several.exceptions[0] from several
    return [loaded[number] for number in range(len(wanted))]


async def _load_line(line: bytes, services: Services) -> LoadedLine:
    try:
        loaded = await load_reference(ReferenceFileInput.model_validate_json(line, strict=True), services)
    except ValidationError as error:
        return LoadedLine(error="; ".join(faults(error, line)))
    except InputRejected as error:
        return LoadedLine(error=str(error))
    return LoadedLine(id=loaded.id, existing=loaded.existing)
