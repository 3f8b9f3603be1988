"""Which references a command is about: from options, from files, or from standard input."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from cyclopts import Parameter

from exchange.cli.exits import CommandError, Exit
from exchange.cli.terminal import Terminal
from exchange.client import Client
from exchange.contract.lookup import MAX_LOOKUP_IDENTIFIERS, ReferenceLookup
from exchange.contract.references import ReferenceFileInput

_STDIN = Path("-")
_MAX_NAMED = 5


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Selected:
    """Which references.

    Parameters
    ----------
    from_
        A file: what `exchange references load` printed, ids line by line, or a reference file of any format, whose
        references are found by their identifiers. `-` is standard input. May be repeated.
    doi
        A DOI. May be repeated, as the following ones.
    pmid
        A PubMed id.
    openalex
        An OpenAlex id.
    id
        The id of a reference in the exchange.
    """

    from_: Annotated[list[Path], Parameter(name="--from", negative="", allow_leading_hyphen=True)] = field(
        default_factory=list
    )
    doi: Annotated[list[str], Parameter(negative="")] = field(default_factory=list)
    pmid: Annotated[list[int], Parameter(negative="")] = field(default_factory=list)
    openalex: Annotated[list[str], Parameter(negative="")] = field(default_factory=list)
    id: Annotated[list[UUID], Parameter(negative="")] = field(default_factory=list)


NOTHING = Selected()


def collect_ids(selected: Selected, client: Client, terminal: Terminal) -> list[UUID]:
    """Return the ids of the references, each once. Raises CommandError if there are none."""
    found = [*selected.id]
    wanted: list[Sequence[dict[str, Any]]] = [
        *([{"identifier_type": "doi", "identifier": item}] for item in selected.doi),
        *([{"identifier_type": "pm_id", "identifier": item}] for item in selected.pmid),
        *([{"identifier_type": "open_alex", "identifier": item}] for item in selected.openalex),
    ]
    for file in selected.from_:
        for item in read_selection(file, terminal):
            if isinstance(item, UUID):
                found.append(item)
            else:
                wanted.append([identifier.model_dump() for identifier in item.identifiers or []])
    if not (found or wanted):
        raise CommandError("Choose references: --from FILE, --doi, --pmid, --openalex or --id.", Exit.USAGE)
    by_identifiers = find_ids(wanted, client)
    _report_unknown([given for given, known in zip(wanted, by_identifiers, strict=True) if known is None], terminal)
    ids = list(dict.fromkeys([*found, *filter(None, by_identifiers)]))
    if not ids:
        raise CommandError("None of these references is in the exchange. Load them first: exchange references load")
    return ids


def find_ids(wanted: Sequence[Sequence[dict[str, Any]]], client: Client) -> list[UUID | None]:
    """Return the id of each reference by its identifiers. None if the exchange has none with one of them."""
    found: list[UUID | None] = [None] * len(wanted)
    numbered = ((number, identifier) for number, given in enumerate(wanted) for identifier in given)
    for part in batched_up_to(numbered, MAX_LOOKUP_IDENTIFIERS):
        lookup = ReferenceLookup.model_validate({"identifiers": [identifier for _, identifier in part]})
        answers = client.look_up_references(lookup).references
        for (number, _), answer in zip(part, answers, strict=True):
            found[number] = found[number] or answer.id
    return found


def _report_unknown(unknown: Sequence[Sequence[dict[str, Any]]], terminal: Terminal) -> None:
    if not unknown:
        return
    names = [str(given[0]["identifier"]) if given else "one without an identifier" for given in unknown[:_MAX_NAMED]]
    more = f" and {len(unknown) - _MAX_NAMED} more" if len(unknown) > _MAX_NAMED else ""
    terminal.say(f"Left out, because the exchange does not have them: {', '.join(names)}{more}.")


def read_selection(file: Path, terminal: Terminal) -> Iterator[UUID | ReferenceFileInput]:
    """Yield the ids in a file, or the references of a reference file. Raises CommandError."""
    # The parsers take a fifth of a second to import, and most commands read no file.
    from exchange.formats import Fault, read_references
    from exchange.formats.encodings import open_text

    with open_input(file) as path:
        with open_text(path) as lines:
            start = next((line for line in lines if line.strip()), "")
        if _find_id(start) is not None:
            with open_text(path) as lines:
                yield from _read_ids(lines, file)
        else:
            for reading in read_references(path):
                if isinstance(reading, Fault):
                    terminal.say(f"{file}:{reading.line}: {reading.reason}")
                else:
                    yield reading.reference


@contextmanager
def open_input(file: Path) -> Iterator[Path]:
    """Return the path of a file. Standard input, or a pipe, is copied to a temporary one, because it is read twice."""
    if file != _STDIN and (file.is_file() or not file.exists()):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as copy, nullcontext(sys.stdin.buffer) if file == _STDIN else file.open("rb") as given:
            shutil.copyfileobj(given, copy)
        yield path


def _read_ids(lines: Iterable[str], file: Path) -> Iterator[UUID]:
    """Yield the ids. A line that was refused when it was loaded has none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = _find_id(line)
        if found is None:
            raise CommandError(f"{file}:{number}: there is no id of a reference.")
        if found:
            yield UUID(found)


def _find_id(line: str) -> str | None:
    """Return the id in a line: the id alone, or a JSON object with it. Empty if it is null. None if there is no id."""
    text = line.strip()
    try:
        if text.startswith("{"):
            text = json.loads(text)["id"]
            if text is None:
                return ""
        return str(UUID(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def batched_up_to(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of at most this many items."""
    part: list[Any] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
