"""What an author's function returns: annotations, locations, and contents of enhancements."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from exchange.contract.enhancements import (
    Abstract,
    AbstractProcess,
    Annotation,
    AnnotationSet,
    Bibliographic,
    BooleanAnnotation,
    EnhancementContent,
    Location,
    LocationSet,
    ScoreAnnotation,
)
from exchange.robots.errors import CannotJudge, InvalidResultError

Addition: TypeAlias = Annotation | Location | EnhancementContent
"""A part of an enhancement, or the content of one."""
Result: TypeAlias = Addition | CannotJudge | Iterable[Addition] | None
"""What a function returns for a reference."""

NOTHING_FOUND = "The robot found nothing to add to this reference."

_CONTENTS = (AnnotationSet, Abstract, Bibliographic, LocationSet)


def annotation(
    scheme: str,
    label: str,
    value: bool | None = True,  # noqa: FBT001, FBT002 - the label says what it means
    score: float | None = None,
    data: dict[str, Any] | None = None,
) -> Annotation:
    """Return an annotation: the label applies or does not, or, without a value, how strongly it applies."""
    optional: Any = {} if data is None else {"data": data}
    if value is None:
        if score is None:
            raise ValueError("an annotation needs a value or a score")
        return ScoreAnnotation(annotation_type="score", scheme=scheme, label=label, score=score, **optional)
    if score is not None:
        optional["score"] = score
    return BooleanAnnotation(annotation_type="boolean", scheme=scheme, label=label, value=value, **optional)


def abstract(text: str, process: AbstractProcess | str = AbstractProcess.OTHER) -> Abstract:
    """Return an abstract."""
    return Abstract(enhancement_type="abstract", process=AbstractProcess(process), abstract=text)


def bibliographic(**fields: Any) -> Bibliographic:
    """Return bibliographic metadata, for example `bibliographic(title="Reminders", publication_year=2019)`."""
    _refuse_unknown(Bibliographic, fields)
    return Bibliographic(enhancement_type="bibliographic", **fields)


def location(**fields: Any) -> Location:
    """Return a place where the reference can be found, for example `location(pdf_url="https://...", is_oa=True)`."""
    _refuse_unknown(Location, fields)
    return Location(**fields)


def _refuse_unknown(model: type[Bibliographic | Location], fields: dict[str, Any]) -> None:
    """Raise TypeError as Python does for an unknown argument. The model would ignore it."""
    known = model.model_fields.keys() - {"enhancement_type"}
    if unknown := fields.keys() - known:
        raise TypeError(f"unknown field {', '.join(sorted(unknown))}: the fields are {', '.join(sorted(known))}")


def to_contents(result: Result) -> list[EnhancementContent]:
    """Return the contents of the enhancements. All annotations make up one enhancement, and all locations another one.

    Raises CannotJudge if there is none, and InvalidResultError if the result is of another type.
    """
    if isinstance(result, CannotJudge):
        raise result
    if result is None:
        raise CannotJudge(NOTHING_FOUND)
    contents: list[EnhancementContent] = []
    annotations: list[Annotation] = []
    locations: list[Location] = []
    for addition in _to_list(result):
        if isinstance(addition, BooleanAnnotation | ScoreAnnotation):
            annotations.append(addition)
        elif isinstance(addition, Location):
            locations.append(addition)
        elif isinstance(addition, _CONTENTS):
            contents.append(addition)
        else:
            raise InvalidResultError(
                f"The function returned {_describe(addition)}, but must return annotations, locations, contents of "
                "enhancements, or None."
            )
    if annotations:
        contents.append(AnnotationSet(enhancement_type="annotation", annotations=annotations))
    if locations:
        contents.append(LocationSet(enhancement_type="location", locations=locations))
    if not contents:
        raise CannotJudge(NOTHING_FOUND)
    return contents


def _to_list(result: object) -> list[object]:
    # Models and texts can be iterated, too.
    if isinstance(result, list | tuple):
        return list(result)
    return [result]


def _describe(value: object) -> str:
    return f"a value of type {type(value).__name__}"
