"""The records of original files with the ids of their references in the exchange."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from exchange.cli.exits import CommandError
from exchange.cli.selection import batched_up_to, find_ids
from exchange.client import Client
from exchange.formats import Reading, read_references

# How many references are looked up together.
_WINDOW = 1_000


@dataclass(frozen=True, slots=True)
class Original:
    """A record, and the id of its reference. None if the exchange does not have it."""

    reading: Reading
    reference_id: UUID | None


def read_originals(client: Client, files: Sequence[Path], loaded: Path | None) -> Iterator[Original]:
    """Yield the records of the files. A record that cannot be read is left out: loading reported it.

    `loaded` is what `exchange references load` printed. Without it, references are found by their identifiers.
    """
    readings = (item for file in files for item in read_references(file) if isinstance(item, Reading))
    if loaded is not None:
        ids = _read_ids(loaded)
        for reading in readings:
            yield Original(reading, ids.get((reading.record.file, reading.record.line)))
        return
    for part in batched_up_to(readings, _WINDOW):
        wanted = [[item.model_dump() for item in reading.reference.identifiers or []] for reading in part]
        for reading, found in zip(part, find_ids(wanted, client), strict=True):
            yield Original(reading, found)


def _read_ids(loaded: Path) -> dict[tuple[str, int], UUID]:
    ids: dict[tuple[str, int], UUID] = {}
    with loaded.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                fields = json.loads(line)
                ids[fields["file"], fields["line"]] = UUID(fields["id"])
            except (ValueError, KeyError, TypeError):
                raise CommandError(f"{loaded}:{number}: it is not what `exchange references load` printed.") from None
    return ids
