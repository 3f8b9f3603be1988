import gzip
import json
from collections import Counter
from itertools import islice
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from benchmarks.inputs import (
    MIX,
    SAMPLES,
    Kind,
    ResultMaker,
    generate_kinds,
    make_dense_line,
    make_ids,
    make_long_line,
    make_references,
)
from exchange.contract.enhancements import Enhancement
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.domain.ids import new_id

ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
MAKER = ResultMaker()


def find_kind(line: bytes) -> Kind:
    try:
        entry = ENTRY.validate_json(line, strict=True)
    except ValidationError:
        return Kind.MALFORMED
    if isinstance(entry, LinkedRobotError):
        return Kind.ROBOT_ERROR
    return Kind(entry.content.enhancement_type)


def test_the_mix_of_lines() -> None:
    assert MIX[Kind.ANNOTATION] == 60
    assert MIX[Kind.ABSTRACT] == 25
    assert MIX[Kind.LOCATION] + MIX[Kind.BIBLIOGRAPHIC] == 10
    assert MIX[Kind.ROBOT_ERROR] == 3
    assert MIX[Kind.MALFORMED] == 2


def test_every_hundred_lines_have_the_mix_and_their_valid_lines_are_accepted() -> None:
    lines = list(MAKER.lines(make_ids(1_000)))
    for start in range(0, 1_000, 100):
        # If the contract refused a valid line, too many lines would count as malformed.
        assert Counter(map(find_kind, lines[start : start + 100])) == MIX


def test_the_same_seed_makes_the_same_inputs_and_another_seed_does_not() -> None:
    reference_ids = make_ids(300)
    assert reference_ids == make_ids(300) != make_ids(300, seed=1)
    result = MAKER.make_file(reference_ids)
    assert result == MAKER.make_file(reference_ids) != MAKER.make_file(reference_ids, seed=1)
    assert list(islice(generate_kinds(), 300)) != list(islice(generate_kinds(1), 300))


def test_all_enhancements_differ_even_of_the_same_reference() -> None:
    lines = [line for line in MAKER.lines(make_ids(7), count=700) if b"message" not in line]
    assert len(set(lines)) == len(lines)


def test_lines_name_the_references_in_turn() -> None:
    reference_ids = make_ids(50)
    for number, line in enumerate(MAKER.lines(reference_ids, count=200)):
        if find_kind(line) is not Kind.MALFORMED:
            assert ENTRY.validate_json(line).reference_id == reference_ids[number % 50]


def test_a_long_line_has_the_requested_length_and_is_accepted() -> None:
    line = make_long_line(new_id(), 1, 1 << 16)
    assert len(line) == 1 << 16
    assert find_kind(line) is Kind.ABSTRACT


def test_a_dense_line_is_valid_and_has_nearly_the_given_size() -> None:
    line = make_dense_line(new_id(), 1, 1 << 16)
    assert (1 << 16) - 3 < len(line) <= 1 << 16
    assert find_kind(line) is Kind.ANNOTATION


def test_identifiers_of_a_folder_are_used_unless_the_contract_refuses_them(tmp_path: Path) -> None:
    (tmp_path / "some.jsonl").write_bytes((SAMPLES / "references.jsonl").read_bytes())
    works = [("W1", "https://doi.org/10.1000/A"), ("W2", "not a DOI"), ("W3", "10.1000/b")]
    with gzip.open(tmp_path / "identifiers.jsonl.gz", "wt") as file:
        for work, doi in works:
            schemes = [("open_alex", work), ("doi", doi)]
            line = [{"identifier_type": scheme, "identifier": value} for scheme, value in schemes]
            file.write(json.dumps({"identifiers": line, "enhancements": []}) + "\n")
    identifiers = [
        [identifier["identifier"] for identifier in reference["identifiers"]]
        for reference in make_references(3, tmp_path)
    ]
    assert identifiers == [["W1", "10.1000/A"], ["W3", "10.1000/b"], ["2"]]


def test_references_can_be_loaded_and_no_two_share_an_identifier() -> None:
    references = [ReferenceFileInput.model_validate(fields, strict=False) for fields in make_references(1_000)]
    assert len({str(reference.identifiers) for reference in references}) == 1_000
