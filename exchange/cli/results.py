"""The results of batches: their export to reference files, and their comparison."""

import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from exchange.cli.added import Added, open_added, read_added
from exchange.cli.batch_ids import BatchId, find_batch
from exchange.cli.common import COMMON, Common
from exchange.cli.exits import CommandError, Exit
from exchange.cli.labels import LabelNames, read_labelled
from exchange.cli.originals import Original, read_originals
from exchange.cli.reading import read_all
from exchange.cli.terminal import Terminal
from exchange.client import Client
from exchange.compare.catalogue import Catalogue, LabelledReference
from exchange.compare.comparison import Absent, Comparison, add_titles
from exchange.compare.comparison import compare as compare_labels
from exchange.compare.csv_files import write_csv, write_disagreements_csv
from exchange.compare.json_output import to_json
from exchange.compare.labels import DEFAULT_THRESHOLD, Labelling, find_pair
from exchange.compare.page import to_html
from exchange.compare.text import to_text
from exchange.contract.references import Reference, StoredEnhancement
from exchange.files.replacing import replacing
from exchange.formats import Fault, Row, write_references

# Disagreements whose titles are read from the exchange.
_MAX_TITLES = 500


def export(
    batch: BatchId,
    output: Path,
    *,
    original: Annotated[list[Path], Parameter(negative="")] | None = None,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    format: str = "auto",
    asreview_label: str | None = None,
    common: Common = COMMON,
) -> int:
    """Write what a batch added to a reference file, as keywords, notes or columns.

    With the original files, everything in them is written again, with the annotations added.

    Parameters
    ----------
    batch
        The batch request.
    output
        The file. It appears only when it is complete.
    original
        A reference file that was loaded. May be repeated.
    from_
        What `exchange references load` printed for the original files. Without it, their references are found by their
        identifiers.
    format
        `ris`, `bibtex`, `csv`, `tsv`, `xlsx` or `jsonl`. The default is the suffix of the file.
    asreview_label
        The annotation, as `scheme:label`, that ASReview is to take for its label.
    """
    for file in [*(original or []), *([from_] if from_ else [])]:
        if output.exists() and output.samefile(file):
            raise CommandError(f"{output} is one of the files that are read. Choose another name.", Exit.USAGE)
    faults: list[Fault] = []
    with common.connect() as client, open_added(client, find_batch(client, batch)) as added:
        if original:
            rows = _list_original_rows(read_originals(client, original, from_), added, faults, common.terminal)
        else:
            rows = _list_rows(client, added)
        count = write_references(output, format, rows, asreview_label=asreview_label)
    common.terminal.say(f"{count} references are in {output}, {added.taken} of them with something that was added.")
    if left := added.left:
        common.terminal.say(f"{left} references that got something are not in the original files as they were loaded.")
    return Exit.ENDED_WITH_FAILURES if left or faults else Exit.DONE


def _list_rows(client: Client, added: Added) -> Iterator[Row]:
    """Yield the references that got something, as the exchange has them, with the annotations of this batch only."""
    for reference in read_all(client, added.reference_ids):
        others = [item for item in reference.enhancements or [] if item.content.enhancement_type != "annotation"]
        yield Row(reference.model_copy(update={"enhancements": [*added.take(reference.id), *others]}))


def _list_original_rows(
    originals: Iterable[Original | Fault], added: Added, faults: list[Fault], terminal: Terminal
) -> Iterator[Row]:
    """Yield the original records with what was added. Report each fault, and add it to the list."""
    for original in originals:
        if isinstance(original, Fault):
            faults.append(original)
            terminal.say(f"{original.file}:{original.line}: {original.reason} It is not in the new file.")
            continue
        given = original.reading.reference
        if original.reference_id is None:
            yield Row(given, original.reading.record)
            continue
        own = [
            StoredEnhancement.model_validate(
                {**item.model_dump(exclude={"enhancement_type"}), "reference_id": original.reference_id}
            )
            for item in given.enhancements or []
        ]
        reference = Reference(
            id=original.reference_id,
            visibility=given.visibility,
            identifiers=given.identifiers,
            enhancements=[*added.take(original.reference_id), *own],
        )
        yield Row(reference, original.reading.record)


def compare(
    batch: BatchId,
    other: BatchId | None = None,
    *,
    labels: Path | None = None,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    map: Annotated[list[str], Parameter(negative="")] | None = None,
    threshold: float = DEFAULT_THRESHOLD,
    absent: Absent = Absent.FALSE,
    html: Path | None = None,
    csv: Path | None = None,
    disagreements: Path | None = None,
    common: Common = COMMON,
) -> None:
    """Compare the labels of a batch with those of people, or of another batch.

    Parameters
    ----------
    batch
        The batch request whose labels are judged.
    other
        The batch request to compare it with: the baseline.
    labels
        A reference file with the labels of people: the baseline. An export of another batch is such a file, too.
    from_
        What `exchange references load` printed for the file with the labels. Without it, its references are found by
        their identifiers.
    map
        A label of the baseline and the label of the batch that means the same: `scheme:label=scheme:label`. May be
        repeated.
    threshold
        The score from which on a label with a score only is true.
    absent
        What it means that a reference was judged, but does not have the label: `false` or `left_out`.
    html
        Write a page with tables and plots to this file.
    csv
        Write all statistics to this file.
    disagreements
        Write all disagreements to this file, as CSV.
    """
    if (other is None) == (labels is None):
        raise CommandError("Name one baseline: another batch request, or --labels FILE.", Exit.USAGE)
    catalogue = Catalogue()
    with common.connect() as client:
        batch_id = find_batch(client, batch)
        judged = Labelling(f"batch {batch_id}", threshold)
        judged.read_enhancements(read_added(client, batch_id))
        if labels is not None:
            baseline = Labelling(labels.name, threshold)
            for reference in read_labelled(client, labels, from_, LabelNames(judged, map or [])):
                baseline.add_reference(reference, catalogue)
        else:
            baseline = Labelling(f"batch {other}", threshold)
            baseline.read_enhancements(read_added(client, find_batch(client, other)))  # type: ignore[arg-type] # it is checked above
        pairs = [find_pair(text, baseline, judged) for text in map or []]
        comparison = compare_labels(baseline, judged, catalogue, datetime.now(UTC), mapping=pairs, absent=absent)
        if not any(label.table.total for label in comparison.labels):
            raise CommandError(f"{baseline.name} and {judged.name} have no reference in common for these labels.")
        _read_titles(client, comparison, catalogue)
    comparison = add_titles(comparison, catalogue)
    if html is not None:
        _write_text(html, to_html(comparison))
    for path, write in ((csv, write_csv), (disagreements, write_disagreements_csv)):
        if path is not None:
            text = io.StringIO(newline="")
            write(comparison, text)
            _write_text(path, text.getvalue())
    if common.json:
        common.terminal.write_json(to_json(comparison))
    else:
        print(to_text(comparison))


def _read_titles(client: Client, comparison: Comparison, catalogue: Catalogue) -> None:
    """Read the titles of disagreements that the catalogue does not know."""
    keys = [
        item.key
        for label in comparison.labels
        for item in label.disagreements
        if catalogue.find_title(item.key) is None
    ]
    ids = [UUID(key) for key in dict.fromkeys(keys) if _is_id(key)][:_MAX_TITLES]
    for reference in read_all(client, ids):
        catalogue.add(LabelledReference.model_validate(reference.model_dump()))


def _is_id(key: str) -> bool:
    try:
        UUID(key)
    except ValueError:
        return False
    return True


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as file:
        file.write(text.encode())
