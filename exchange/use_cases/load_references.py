"""Loading references, one at a time or as a file of lines."""

import asyncio
from collections.abc import Iterable

from exchange.contract.json_input import describe_ignored_fields, describe_json_faults, parse_json
from exchange.contract.references import LoadedLine, ReferenceFileInput
from exchange.domain.errors import InputRejected, TooLarge
from exchange.domain.storable import find_storage_fault
from exchange.ports import LoadResult, Services

_MAX_CONCURRENT = 8

# A common mistake: curl's --data removes the line breaks, and a file of lines needs its own media type.
TRAILING_HINT = (
    "Several references must be sent one per line, with Content-Type: application/jsonl. With curl, use --data-binary, "
    "because --data removes the line breaks."
)


async def load_reference(reference: ReferenceFileInput, services: Services) -> LoadResult:
    """Load one reference. Raises InputRejected if it is empty or cannot be stored."""
    if not reference.identifiers and not reference.enhancements:
        raise InputRejected("A reference must have at least one identifier or one enhancement.")
    fault = find_storage_fault(reference.model_dump())
    if fault is not None:
        raise InputRejected(f"The reference cannot be stored: {fault}.")
    return await services.references.add(reference)


async def load_lines(lines: Iterable[bytes], services: Services) -> list[LoadedLine]:
    """Load the non-blank lines of a references file, each on its own. Return what became of each, in order.

    Raises TooLarge before anything is loaded. Raises Unavailable if the store is down; some lines may be loaded then.
    """
    non_blank = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    limit = services.limits.references_per_load_limit
    if len(non_blank) > limit:
        raise TooLarge(f"A references file may have at most {limit} lines. This one has {len(non_blank)}. Split it.")
    remaining = iter(non_blank)
    loaded: dict[int, LoadedLine] = {}

    async def work() -> None:
        for number, line in remaining:
            loaded[number] = await _load_line(number, line, services)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(_MAX_CONCURRENT):
                workers.create_task(work())
    except ExceptionGroup as group:
        # The first error stops the other workers. Their errors have the same cause.
        raise group.exceptions[0] from group
    return [loaded[number] for number, _ in non_blank]


async def _load_line(number: int, line: bytes, services: Services) -> LoadedLine:
    try:
        reference = parse_json(ReferenceFileInput.model_validate_json, line)
    except ValueError as error:
        faults = describe_json_faults(error, line)
        hint = f". {TRAILING_HINT}" if "trailing characters" in faults[0] else ""
        return LoadedLine(line=number, error="; ".join(faults) + hint)
    try:
        loaded = await load_reference(reference, services)
    except InputRejected as error:
        return LoadedLine(line=number, error=str(error))
    return LoadedLine(
        line=number,
        id=loaded.id,
        existing=loaded.existing,
        warnings=describe_ignored_fields(line, reference),
    )
