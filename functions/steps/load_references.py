"""References are loaded."""

import asyncio
from collections.abc import Iterable

from pydantic import ValidationError

from functions.contract.base import faults
from functions.contract.references import LoadedLine, LoadedReference, ReferenceFileInput
from functions.domain.errors import InputRejected
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
    """Load a references file's non-blank lines, each for itself, and say of each what became of it, in their order."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def load(line: bytes) -> LoadedLine:
        async with at_once:
            return await _load_line(line, services)

    return list(await asyncio.gather(*(load(line) for line in lines if line.strip())))


async def _load_line(line: bytes, services: Services) -> LoadedLine:
    try:
        loaded = await load_reference(ReferenceFileInput.model_validate_json(line, strict=True), services)
    except ValidationError as error:
        return LoadedLine(error="; ".join(faults(error, line)))
    except InputRejected as error:
        return LoadedLine(error=str(error))
    return LoadedLine(id=loaded.id, existing=loaded.existing)
