"""The records of original files with the ids of their references in the exchange."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from uuid import UUID

from exchange.cli.exits import CommandError
from exchange.cli.selection import batched_up_to, find_ids
from exchange.client import Client
from exchange.formats import Fault, Reading, Record, read_references

# How many references are looked up together.
_WINDOW = 1_000
_PLACE = {"file", "line", "format", "dialect"}
_CONTENT = [item.name for item in fields(Record) if item.name not in _PLACE]


@dataclass(frozen=True, slots=True)
class Original:
    """A record, and the id of its reference. None if the exchange does not have it."""

    reading: Reading
    reference_id: UUID | None


def compute_digest(record: Record) -> str:
    """Return what identifies a record wherever its file is: the digest of its content."""
    content = {name: getattr(record, name) for name in _CONTENT}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What loading printed: the ids by the digests of the records, and the columns that were chosen for each file."""

    ids: Mapping[str, UUID]
    maps: Mapping[str, Mapping[str, str]]

    def find_map(self, file: str) -> Mapping[str, str]:
        """Return the columns that were chosen for a file. It may have been renamed, if all files had the same ones."""
        maps = list(self.maps.values())
        return self.maps.get(file) or (maps[0] if maps and all(item == maps[0] for item in maps) else {})


def read_originals(client: Client, files: Sequence[Path], loaded: Path | None) -> Iterator[Original | Fault]:
    """Return the records of the files, and why others cannot be read. Raises CommandError or OSError at once.

    `loaded` is what `exchange references load` printed. A record that has changed since then has no id. Columns that
    were chosen with `--map` are chosen again. Without `loaded`, references are found by their identifiers.
    """
    if loaded is None:
        return _add_ids(client, chain.from_iterable([read_references(file) for file in files]), None)
    known = _read_loaded(loaded)
    readings = [read_references(file, columns=known.find_map(file.name)) for file in files]
    return _add_ids(client, chain.from_iterable(readings), known.ids)


def _add_ids(
    client: Client, readings: Iterable[Reading | Fault], ids: Mapping[str, UUID] | None
) -> Iterator[Original | Fault]:
    for part in batched_up_to(readings, _WINDOW):
        records = [reading for reading in part if isinstance(reading, Reading)]
        if ids is not None:
            found = iter([ids.get(compute_digest(reading.record)) for reading in records])
        else:
            wanted = [[item.model_dump() for item in reading.reference.identifiers or []] for reading in records]
            found = iter(find_ids(wanted, client))
        for reading in part:
            yield reading if isinstance(reading, Fault) else Original(reading, next(found))


def _read_loaded(loaded: Path) -> _Loaded:
    ids: dict[str, UUID] = {}
    maps: dict[str, Mapping[str, str]] = {}
    with loaded.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                fields = json.loads(line)
                ids[fields["digest"]] = UUID(fields["id"])
                maps[fields.get("file", "")] = {
                    str(name): str(column) for name, column in fields.get("map", {}).items()
                }
            except (ValueError, KeyError, TypeError, AttributeError):
                raise CommandError(f"{loaded}:{number}: it is not what `exchange references load` printed.") from None
    return _Loaded(ids, maps)
