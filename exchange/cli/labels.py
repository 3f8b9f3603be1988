"""The labels of people in a reference file, for a comparison."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from exchange.cli.originals import read_originals
from exchange.client import Client
from exchange.compare.catalogue import LabelledReference
from exchange.compare.labels import Label, Labelling
from exchange.formats import Fault, Record
from exchange.formats.read_tags import read_tags, simplify_name
from exchange.formats.tags import Tag


class LabelNames:
    """Which keywords and columns are labels: those of the batch's schemes, of an export, and of the mapping."""

    def __init__(self, judged: Labelling, mapping: Sequence[str]) -> None:
        self._labels = {simplify_name(str(label)): label for label in judged.decisions}
        # The longest first, because a scheme may contain a colon.
        self._schemes = sorted(judged.judged, key=len, reverse=True)
        self._mapping = [simplify_name(text) for text in mapping]

    def find(self, tag: Tag) -> Label | None:
        """Return the label. None if the keyword is not known as one."""
        name = simplify_name(tag.name)
        if (label := self._labels.get(name)) is not None:
            return label
        for scheme in self._schemes:
            if name.startswith(start := f"{simplify_name(scheme)}:"):
                return Label(scheme, name.removeprefix(start))
        if tag.robot or any(text.startswith(f"{name}=") for text in self._mapping):
            scheme, _, label_name = tag.name.rpartition(":")
            return Label(scheme, label_name)
        return None


def read_labelled(client: Client, file: Path, loaded: Path | None, names: LabelNames) -> Iterator[LabelledReference]:
    """Yield the references of the file with their labels. What an export wrote as keywords or columns is a label.

    A record that cannot be read is a reference without identifiers.
    """
    for original in read_originals(client, [file], loaded):
        if isinstance(original, Fault):
            yield LabelledReference()
            continue
        fields: dict[str, Any] = {**original.reading.reference.model_dump(), "id": original.reference_id}
        if annotations := list(_make_annotations(original.reading.record, names)):
            content = {"enhancement_type": "annotation", "annotations": annotations}
            fields["enhancements"] = [*(fields["enhancements"] or []), {"source": file.name, "content": content}]
        yield LabelledReference.model_validate(fields)


def _make_annotations(record: Record, names: LabelNames) -> Iterator[dict[str, Any]]:
    for tag in read_tags(record):
        if (label := names.find(tag)) is not None:
            facts = {"scheme": label.scheme, "label": label.label, "score": tag.score}
            if tag.value is None:
                yield {"annotation_type": "score", **facts}
            else:
                yield {"annotation_type": "boolean", "value": tag.value, **facts}
