"""Loading a file of references, one per line."""

from collections.abc import Iterable

from exchange.concurrency import run_concurrently
from exchange.contract.json_input import describe_ignored_fields, describe_json_faults, parse_json
from exchange.contract.references import LoadedLine, OnExisting, ReferenceFileInput
from exchange.domain.errors import Conflict, InputRejected, TooLarge
from exchange.ports import Services
from exchange.use_cases.load_reference import load_reference

_MAX_CONCURRENT = 8

# A common mistake: curl's --data removes the line breaks, and a file of lines needs its own media type.
TRAILING_HINT = (
    "Several references must be sent one per line, with Content-Type: application/jsonl. With curl, use --data-binary, "
    "because --data removes the line breaks."
)


async def load_lines(
    lines: Iterable[bytes], services: Services, on_existing: OnExisting = OnExisting.MERGE
) -> list[LoadedLine]:
    """Load the non-blank lines of a references file, each on its own. Return what became of each, in order.

    Raises TooLarge before anything is loaded. Raises Unavailable if the store is down; some lines may be loaded then.
    """
    non_blank = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    limit = services.limits.references_per_load_limit
    if len(non_blank) > limit:
        raise TooLarge(f"A references file may have at most {limit} lines. This one has {len(non_blank)}. Split it.")
    loads = (_load_line(number, line, on_existing, services) for number, line in non_blank)
    loaded = [line async for line in run_concurrently(loads, _MAX_CONCURRENT)]
    return sorted(loaded, key=lambda line: line.line)


async def _load_line(number: int, line: bytes, on_existing: OnExisting, services: Services) -> LoadedLine:
    try:
        reference = parse_json(ReferenceFileInput.model_validate_json, line)
    except ValueError as error:
        faults = describe_json_faults(error, line)
        hint = f". {TRAILING_HINT}" if "trailing characters" in faults[0] else ""
        return LoadedLine(line=number, error="; ".join(faults) + hint)
    try:
        loaded = await load_reference(reference, services, on_existing)
    except (InputRejected, Conflict) as error:
        return LoadedLine(line=number, error=str(error))
    warnings = [*describe_ignored_fields(line, reference), *loaded.warnings]
    return LoadedLine(line=number, **{**loaded.model_dump(), "warnings": warnings})
