import json

import pytest
from pydantic import UUID4, TypeAdapter, ValidationError

from exchange.contract.base import MAX_FAULTS, HttpUrlText, WireModel, describe_faults, to_jsonl
from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.enhancements import Authorship, ScoreAnnotation
from exchange.contract.references import ReferenceFileInput

URL: TypeAdapter[str] = TypeAdapter(HttpUrlText)


def validation_error(model: type[WireModel], raw: bytes) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        model.model_validate_json(raw, strict=True)
    return raised.value


def find_faults(model: type[WireModel], body: object) -> list[str]:
    raw = json.dumps(body).encode()
    return describe_faults(validation_error(model, raw), raw)


class TestModels:
    def test_unknown_fields_are_ignored(self) -> None:
        sent = {"display_name": "A", "orcid": "0", "position": "first"}
        author = Authorship.model_validate_json(json.dumps({**sent, "unknown": {"deep": [1]}}), strict=True)
        assert json.loads(author.model_dump_json()) == sent

    def test_models_are_immutable(self) -> None:
        author = Authorship.model_validate({"display_name": "A", "orcid": "0", "position": "first"})
        with pytest.raises(ValidationError):
            author.orcid = "1"  # type: ignore[misc] # the test assigns to a frozen field

    @pytest.mark.parametrize("score", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_a_number_that_is_not_finite_is_refused(self, score: str) -> None:
        raw = b'{"annotation_type": "score", "scheme": "s", "label": "l", "score": %b}' % score.encode()
        (fault,) = describe_faults(validation_error(ScoreAnnotation, raw), raw)
        assert fault == "score: Input should be a finite number"


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "http://h",
            "https://robot.example",
            "https://robot.example/",
            "HTTPS://Robot.Example:443/A/../b?q=%7e&sig=a%2Bb%3D#f",
            "http://user:word@127.0.0.1:8000//x",
            "http://[::1]:8000",
            "http://bücher.example/文",
        ],
    )
    def test_a_valid_url_is_kept_unchanged(self, url: str) -> None:
        assert URL.validate_json(json.dumps(url), strict=True) == url

    @pytest.mark.parametrize(
        "url",
        [
            *(
                "",
                "robot.example",
                "/path",
                "//robot.example",
                "http://",
                "ftp://h",
                "file:///etc/passwd",
                "http://h:x",
            ),
            *(
                "https://h/ ",
                " https://h",
                "https://h\n.example",
                "\x00https://h",
                "http:h",
                "https:\\\\h\\x",
                "https:h",
            ),
        ],
    )
    def test_an_invalid_url_is_refused(self, url: str) -> None:
        with pytest.raises(ValidationError):
            URL.validate_json(json.dumps(url), strict=True)

    @pytest.mark.parametrize("value", ["7", "null", "{}", '["http://h"]'])
    def test_a_url_that_is_not_a_string_is_refused(self, value: str) -> None:
        with pytest.raises(ValidationError):
            URL.validate_json(value, strict=True)


class ManyIds(WireModel):
    first: UUID4
    others: list[UUID4]


class TestFaults:
    def test_each_fault_has_a_path_and_a_reason(self) -> None:
        assert find_faults(BatchEnhancementRequestIn, {"reference_ids": ["x", 7], "source": 1}) == [
            "robot_id: Field required",
            "reference_ids.0: Input should be a valid UUID, invalid character: found `x` at 0",
            "source: Input should be a valid string",
        ]

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ({"enhancement_type": "bibliographic", "title": 7}, "title: Input should be a valid string"),
            (
                {"enhancement_type": "bibliographic", "authorship": [{"display_name": "A", "orcid": "0"}]},
                "authorship.0.position: Field required",
            ),
            ({"enhancement_type": "location", "locations": [{}, 7]}, "locations.1: Input should be an object"),
            # The name of the type is also the name of a field.
            (
                {"enhancement_type": "abstract", "process": "other", "abstract": 7},
                "abstract: Input should be a valid string",
            ),
            ({"enhancement_type": "abstract", "abstract": "a"}, "process: Field required"),
            (
                {
                    "enhancement_type": "annotation",
                    "annotations": [{"annotation_type": "score", "scheme": "s", "label": 7, "score": 1}],
                },
                "annotations.0.label: Input should be a valid string",
            ),
            (
                {
                    "enhancement_type": "annotation",
                    "annotations": [{"annotation_type": "boolean", "scheme": "s", "label": "l", "value": 1}],
                },
                "annotations.0.value: Input should be a valid boolean",
            ),
        ],
    )
    def test_the_path_is_the_path_in_the_sent_json(self, content: dict[str, object], expected: str) -> None:
        kind = content["enhancement_type"]
        enhancement = {"source": "s", "visibility": "public", "enhancement_type": kind, "content": content}
        body = {"identifiers": [{"identifier_type": "doi", "identifier": 7}], "enhancements": [enhancement]}
        assert find_faults(ReferenceFileInput, body) == [
            "identifiers.0.identifier: Input should be a valid string",
            f"enhancements.0.content.{expected}",
        ]

    def test_without_the_json_the_path_includes_the_names_of_types(self) -> None:
        raw = b'{"identifiers": [{"identifier_type": "doi", "identifier": 7}]}'
        assert describe_faults(validation_error(ReferenceFileInput, raw)) == [
            "identifiers.0.doi.identifier: Input should be a valid string"
        ]

    @pytest.mark.parametrize("raw", [b"", b"{", b"not json", b'"\xff"', b"[" * 1000])
    def test_invalid_json_has_one_fault_without_a_path(self, raw: bytes) -> None:
        (fault,) = describe_faults(validation_error(BatchEnhancementRequestIn, raw), raw)
        assert fault.startswith("Invalid JSON: ")

    @pytest.mark.parametrize(("invalid", "described"), [(MAX_FAULTS, MAX_FAULTS), (MAX_FAULTS + 1, MAX_FAULTS + 1)])
    def test_the_number_of_described_faults_is_limited(self, invalid: int, described: int) -> None:
        faults = find_faults(ManyIds, {"first": "x", "others": ["x"] * (invalid - 1)})
        assert len(faults) == described

    def test_faults_beyond_the_limit_are_counted(self) -> None:
        faults = find_faults(ManyIds, {"first": "x", "others": ["x"] * 100_000})
        assert len(faults) == MAX_FAULTS + 1
        assert faults[0].startswith("first: ")
        assert faults[MAX_FAULTS - 1].startswith(f"others.{MAX_FAULTS - 2}: ")
        assert faults[-1] == f"and {100_001 - MAX_FAULTS} more"

    def test_a_long_name_is_shortened(self) -> None:
        name = "n" * 1_000
        (fault,) = self.describe_long_name(name)
        assert fault == f"{name[:200]}...: Input should be a valid integer"

    @staticmethod
    def describe_long_name(name: str) -> list[str]:
        raw = json.dumps({name: "x"}).encode()
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(dict[str, int]).validate_json(raw, strict=True)
        return describe_faults(caught.value, raw)

    def test_a_fault_is_one_line_and_does_not_repeat_the_value(self) -> None:
        raw = json.dumps({"annotation_type": "score", "scheme": "s", "label": "l", "score": "s3cret\n"}).encode()
        (fault,) = describe_faults(validation_error(ScoreAnnotation, raw), raw)
        assert fault == "score: Input should be a valid number"


def test_a_jsonl_line_contains_no_character_that_splits_lines() -> None:
    author = Authorship.model_validate(
        {"display_name": "a\u2028b\u2029c\x85d\x0be\x1cf\ng\\u2028", "orcid": "\U0001f9ea", "position": "first"}
    )
    line = to_jsonl(author)
    assert len(line.decode().splitlines()) == 1
    assert Authorship.model_validate_json(line) == author


def test_a_long_text_is_not_parsed_again_to_describe_its_faults() -> None:
    # Without the text, the path has the name of the union's member too.
    raw = b'{"identifiers": [{"identifier_type": "doi", "identifier": 1}]%b}'
    (short,) = describe_faults(validation_error(ReferenceFileInput, raw % b""), raw % b"")
    (long,) = describe_faults(validation_error(ReferenceFileInput, raw % b""), raw % (b" " * (1 << 20)))
    assert (short.partition(":")[0], long.partition(":")[0]) == (
        "identifiers.0.identifier",
        "identifiers.0.doi.identifier",
    )
