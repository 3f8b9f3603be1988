"""The labels of one side, read from enhancements or references."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from exchange.compare.catalogue import Catalogue, LabelledReference, parse_lines
from exchange.contract.enhancements import Annotation, AnnotationSet, BooleanAnnotation, Enhancement, EnhancementContent
from exchange.domain.errors import InputRejected

DEFAULT_THRESHOLD = 0.5


class Label(NamedTuple):
    """A label of a scheme."""

    scheme: str
    label: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.label}"


class LabelPair(NamedTuple):
    """The label of side A and the label of side B that are compared with each other."""

    a: Label
    b: Label

    def __str__(self) -> str:
        return str(self.a) if self.a == self.b else f"{self.a} = {self.b}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a label applies to a reference. `score` is the strength of the label, and `data` has the reasons."""

    value: bool
    score: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Labelling:
    """The decisions of one side.

    A boolean annotation is a decision. A score annotation is true if its score is at least `threshold`. If `source` is
    set, only the enhancements of this source are read. The first annotation of a label and a reference counts, which is
    the newest if the enhancements are from the exchange. `repeated` counts the others.
    """

    name: str
    threshold: float = DEFAULT_THRESHOLD
    source: str | None = None
    decisions: dict[Label, dict[str, Decision]] = field(default_factory=dict)
    judged: dict[str, set[str]] = field(default_factory=dict)
    """For each scheme, the references that have any annotation of this scheme."""
    repeated: int = 0
    unidentified: int = 0
    """The number of references that have neither an id nor an identifier."""

    def read_enhancements(self, lines: Iterable[bytes]) -> None:
        """Add the enhancements of a JSONL file, as in the `enhancements_url` of a batch."""
        for enhancement in parse_lines(Enhancement, lines):
            self.add(str(enhancement.reference_id), enhancement.source, enhancement.content)

    def read_references(self, lines: Iterable[bytes], catalogue: Catalogue) -> None:
        """Add the enhancements of the references of a JSONL file. The catalogue matches references without ids."""
        for reference in parse_lines(LabelledReference, lines):
            self.add_reference(reference, catalogue)

    def add_reference(self, reference: LabelledReference, catalogue: Catalogue) -> None:
        """Add the enhancements of a reference. One that cannot be identified is counted."""
        key = catalogue.add(reference)
        if key is None:
            self.unidentified += 1
            return
        for enhancement in reference.enhancements or []:
            self.add(key, enhancement.source, enhancement.content)

    def add(self, key: str, source: str, content: EnhancementContent) -> None:
        """Add the annotations of an enhancement. Other types of enhancements have no effect."""
        if not isinstance(content, AnnotationSet) or self.source not in {None, source}:
            return
        for annotation in content.annotations:
            self.judged.setdefault(annotation.scheme, set()).add(key)
            decisions = self.decisions.setdefault(Label(annotation.scheme, annotation.label), {})
            if key in decisions:
                self.repeated += 1
            else:
                decisions[key] = self._decide(annotation)

    def _decide(self, annotation: Annotation) -> Decision:
        if isinstance(annotation, BooleanAnnotation):
            return Decision(annotation.value, annotation.score, annotation.data)
        return Decision(annotation.score >= self.threshold, annotation.score, annotation.data)


def find_pair(text: str, a: Labelling, b: Labelling) -> LabelPair:
    """Return the pair that `scheme:label=scheme:label` names: a label of A, then a label of B.

    Schemes and labels may contain `:` and `=`, so the text is matched with the labels that both sides have.
    Raises InputRejected if there is no such pair.
    """
    labels_a, labels_b = ({str(label): label for label in side.decisions} for side in (a, b))
    for position, character in enumerate(text):
        name_a, name_b = text[:position], text[position + 1 :]
        if character == "=" and name_a in labels_a and name_b in labels_b:
            return LabelPair(labels_a[name_a], labels_b[name_b])
    raise InputRejected(
        f"The pair '{text}' must be scheme:label=scheme:label with a label of {a.name} ({_list_names(labels_a)}) and "
        f"a label of {b.name} ({_list_names(labels_b)})."
    )


def pair_labels(a: Labelling, b: Labelling, mapping: Sequence[LabelPair] = ()) -> list[LabelPair]:
    """Return the pairs to compare: those of the mapping, then each other label of the schemes that both sides have."""
    mapped_a, mapped_b = {pair.a for pair in mapping}, {pair.b for pair in mapping}
    shared = a.judged.keys() & b.judged.keys()
    others = (a.decisions.keys() | b.decisions.keys()) - mapped_a - mapped_b
    return [*dict.fromkeys(mapping), *(LabelPair(label, label) for label in sorted(others) if label.scheme in shared)]


def _list_names(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels)) or "it has none"
