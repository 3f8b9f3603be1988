"""What authors return, and the lines that it becomes."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from exchange.contract.enhancements import AbstractProcess, AnnotationSet, EnhancementContent
from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest
from exchange.robots import CannotJudge, Reference, abstract, annotation, bibliographic, location
from exchange.robots.contents import Result, to_contents
from exchange.robots.entries import MAX_LINE_BYTES, EntryWriter, write_error
from exchange.robots.errors import InvalidResultError
from exchange.robots.reference import Needs
from tests.results import ORIGIN

REFERENCE_ID = str(uuid4())


def make_reference(*types: str) -> Reference:
    """Return a reference with an enhancement of each type."""
    enhancements = [{"id": str(uuid4()), "content": {"enhancement_type": each}} for each in types]
    return Reference({"id": REFERENCE_ID, "enhancements": enhancements})


def write(result: Result, **options: Any) -> list[dict[str, Any]]:
    """Return the entries for a result. Each is checked as the exchange does it."""
    defaults = {"source": "a robot", "version": None, "needs": Needs([])}
    lines = EntryWriter(**{**defaults, **options}).write(make_reference("abstract", "location"), result)
    validator = EntryValidator(Manifest([UUID(REFERENCE_ID)]), ORIGIN, MAX_LINE_BYTES)
    entries = lines.removesuffix(b"\n").split(b"\n")
    validator.validate(entries)
    assert validator.accepted == len(entries)
    return [json.loads(line) for line in entries]


def test_an_annotation_has_only_what_its_author_set() -> None:
    (entry,) = write(annotation("scheme", "label"))
    assert entry == {
        "reference_id": REFERENCE_ID,
        "source": "a robot",
        "visibility": "public",
        "derived_from": [],
        "content": {
            "enhancement_type": "annotation",
            "annotations": [{"annotation_type": "boolean", "scheme": "scheme", "label": "label", "value": True}],
        },
    }


def test_an_annotation_without_a_value_is_a_score() -> None:
    (entry,) = write(annotation("scheme", "label", value=None, score=0.25, data={"n": [1, None]}))
    assert entry["content"]["annotations"] == [
        {"annotation_type": "score", "scheme": "scheme", "label": "label", "score": 0.25, "data": {"n": [1, None]}}
    ]
    with pytest.raises(ValueError, match="needs a value or a score"):
        annotation("scheme", "label", value=None)


def test_additions_of_a_kind_make_up_one_enhancement() -> None:
    entries = write(
        [
            annotation("s", "a"),
            location(pdf_url="https://example.org/a.pdf", is_oa=True),
            abstract("A text", process="uninverted"),
            annotation("s", "b", value=False),
            location(landing_page_url="https://example.org/a"),
        ]
    )
    contents = [entry["content"] for entry in entries]
    assert [content["enhancement_type"] for content in contents] == ["abstract", "annotation", "location"]
    assert contents[0]["process"] == AbstractProcess.UNINVERTED
    assert [each["label"] for each in contents[1]["annotations"]] == ["a", "b"]
    assert len(contents[2]["locations"]) == 2


def test_models_of_the_contract_can_be_returned() -> None:
    annotations = [annotation("s", "a")]
    content = AnnotationSet.model_validate({"enhancement_type": "annotation", "annotations": annotations})
    assert write(content) == write(annotations)
    (entry,) = write(bibliographic(title="A title", publication_date="2019-05-01", authorship=None))
    assert entry["content"] == {
        "enhancement_type": "bibliographic",
        "title": "A title",
        "publication_date": "2019-05-01",
        "authorship": None,
    }


def test_the_same_content_is_written_once() -> None:
    assert len(write([abstract("A text"), abstract("A text")])) == 1
    assert len(write([abstract("A text"), abstract("Another text")])) == 2


def test_the_source_the_version_and_what_was_used_are_written() -> None:
    (entry,) = write(annotation("s", "l"), source='a "robot"', version="1.2", needs=Needs(["abstract", "doi"]))
    assert (entry["source"], entry["robot_version"]) == ('a "robot"', "1.2")
    assert len(entry["derived_from"]) == 1


@pytest.mark.parametrize("result", [None, [], ()])
def test_a_reference_without_additions_gets_a_reason(result: Result) -> None:
    with pytest.raises(CannotJudge, match="found nothing"):
        to_contents(result)


@pytest.mark.parametrize("result", ["text", {"enhancement_type": "abstract"}, 7, [annotation("s", "l"), "text"]])
def test_a_result_of_another_type_is_invalid(result: Any) -> None:
    with pytest.raises(InvalidResultError, match=r"returned a value of type (str|dict|int), but must return"):
        to_contents(result)


def make_loop() -> dict[str, Any]:
    loop: dict[str, Any] = {}
    loop["again"] = [loop]
    return loop


def nest(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (annotation("s", "l", data={"n": [float("inf")]}), "a number is not finite"),
        (annotation("s", "l", data={"n": 2**60}), "beyond 2"),
        (annotation("s", "l", data=nest(150)), "nested more than 128 levels"),
        (annotation("s", "l", data={"n": [[]] * 30_000}), "brackets"),
        (location(extra={"n": float("nan")}), "a number is not finite"),
        (bibliographic(cited_by_count=2**60), "beyond 2"),
        (annotation("s", "l", data={"n": {1, 2}.__iter__}), "not JSON"),
        (annotation("s", "l", data=make_loop()), "not JSON: .*Circular reference"),
        (abstract("half of a pair: \ud83d"), "not JSON"),
        (abstract("x" * MAX_LINE_BYTES), "longer than 1048576 bytes"),
        (abstract("\u20ac" * 330_000), "at most 1900000 bytes"),
    ],
)
def test_what_the_exchange_would_refuse_is_invalid(content: EnhancementContent, reason: str) -> None:
    with pytest.raises(InvalidResultError, match=reason):
        EntryWriter("a robot", None, Needs([])).write(make_reference(), content)


def test_an_unknown_or_wrong_field_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="unknown field titel: the fields are authorship, "):
        bibliographic(titel="A title")
    with pytest.raises(ValidationError):
        location(pdf_url="example.org")
    with pytest.raises(ValueError, match="is not a valid AbstractProcess"):
        abstract("A text", process="guessed")


def test_the_message_of_an_error_is_short_and_valid() -> None:
    entry = json.loads(write_error(make_reference(), ValueError("\ud800" + "x" * 5_000)))
    assert entry["reference_id"] == REFERENCE_ID
    assert entry["message"].startswith("The robot failed: ValueError: ?xxx")
    assert len(entry["message"]) == 2_000
    assert json.loads(write_error(make_reference(), CannotJudge()))["message"]
