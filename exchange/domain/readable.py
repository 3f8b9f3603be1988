"""References that every release of `destiny-sdk` from 0.4 on can read.

From 0.7.1 on it refuses a reference with an annotation whose scheme is empty or has a slash. One such annotation would
make the whole job useless, because the SDK refuses the line, and most robots then stop.
"""

from dataclasses import replace

from exchange.contract.enhancements import AnnotationSet
from exchange.contract.references import StoredEnhancement
from exchange.domain.paging import ReferencePart


class ReadableParts:
    """Writes the parts of references without the annotations that the SDK refuses. One object for each file."""

    def __init__(self) -> None:
        # Whether the first parts of the present reference were left out, because nothing was left of them.
        self._first_left_out = False

    def to_jsonl(self, part: ReferencePart) -> bytes:
        """Return the part's share of the reference's line."""
        enhancements = [kept for item in part.reference.enhancements or [] if (kept := _make_readable(item))]
        first = part.first or self._first_left_out
        self._first_left_out = first and not enhancements and not part.last
        if self._first_left_out:
            return b""
        reference = part.reference.model_copy(update={"enhancements": enhancements})
        return replace(part, reference=reference, first=first).to_jsonl()


def _make_readable(enhancement: StoredEnhancement) -> StoredEnhancement | None:
    """Return the enhancement without annotations that the SDK refuses. None if no annotation is left."""
    content = enhancement.content
    if not isinstance(content, AnnotationSet) or all(_is_readable(item.scheme) for item in content.annotations):
        return enhancement
    annotations = [item for item in content.annotations if _is_readable(item.scheme)]
    if not annotations:
        return None
    return enhancement.model_copy(update={"content": content.model_copy(update={"annotations": annotations})})


def _is_readable(scheme: str) -> bool:
    return bool(scheme) and "/" not in scheme
