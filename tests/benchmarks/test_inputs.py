import gzip
import json
from collections import Counter
from itertools import islice
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from benchmarks.inputs import MIX, SAMPLES, Kind, ResultMaker, ids, kinds, long_line, references
from exchange.contract.enhancements import Enhancement
from exchange.contract.references import ReferenceFileInput
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.domain.ids import new_id

ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
MAKER = ResultMaker()


def kind_of(line: bytes) -> Kind:
    try:
        entry = ENTRY.validate_json(line, strict=True)
    except ValidationError:
        return Kind.MALFORMED
    if isinstance(entry, LinkedRobotError):
        return Kind.ROBOT_ERROR
    return Kind(entry.content.enhancement_type)


def test_the_mix_is_as_it_says() -> None:
    assert MIX[Kind.ANNOTATION] == 60
    assert MIX[Kind.ABSTRACT] == 25
    assert MIX[Kind.LOCATION] + MIX[Kind.BIBLIOGRAPHIC] == 10
    assert MIX[Kind.ROBOT_ERROR] == 3
    assert MIX[Kind.MALFORMED] == 2


def test_every_hundred_lines_have_the_mix_and_every_well_formed_one_is_accepted() -> None:
    lines = list(MAKER.lines(ids(1_000)))
    for start in range(0, 1_000, 100):
        # Were a line refused that should not be, there would be too many malformed ones.
        assert Counter(map(kind_of, lines[start : start + 100])) == MIX


def test_the_same_seed_gives_the_same_and_another_seed_something_else() -> None:
    known = ids(300)
    assert known == ids(300) != ids(300, seed=1)
    assert MAKER.file(known) == MAKER.file(known) != MAKER.file(known, seed=1)
    assert list(islice(kinds(), 300)) != list(islice(kinds(1), 300))


def test_no_line_is_like_another_even_of_the_same_reference() -> None:
    lines = [line for line in MAKER.lines(ids(7), count=700) if b"message" not in line]
    assert len(set(lines)) == len(lines)


def test_each_line_names_the_reference_whose_turn_it_is() -> None:
    known = ids(50)
    for number, line in enumerate(MAKER.lines(known, count=200)):
        if kind_of(line) is not Kind.MALFORMED:
            assert ENTRY.validate_json(line).reference_id == known[number % 50]


def test_a_long_line_has_the_length_asked_for_and_is_accepted() -> None:
    line = long_line(new_id(), 1, 1 << 16)
    assert len(line) == 1 << 16
    assert kind_of(line) is Kind.ABSTRACT


def test_identifiers_of_a_folder_are_used_and_those_that_the_contract_refuses_are_not(tmp_path: Path) -> None:
    (tmp_path / "some.jsonl").write_bytes((SAMPLES / "references.jsonl").read_bytes())
    found = [("W1", "https://doi.org/10.1000/A"), ("W2", "not a DOI"), ("W3", "10.1000/b")]
    with gzip.open(tmp_path / "identifiers.jsonl.gz", "wt") as file:
        for work, doi in found:
            identifiers = [("open_alex", work), ("doi", doi)]
            line = [{"identifier_type": scheme, "identifier": value} for scheme, value in identifiers]
            file.write(json.dumps({"identifiers": line, "enhancements": []}) + "\n")
    made = [[one["identifier"] for one in reference["identifiers"]] for reference in references(3, tmp_path)]
    assert made == [["W1", "10.1000/A"], ["W3", "10.1000/b"], ["2"]]


def test_references_can_be_loaded_and_no_two_share_an_identifier() -> None:
    made = [ReferenceFileInput.model_validate(one, strict=False) for one in references(1_000)]
    assert len({str(one.identifiers) for one in made}) == 1_000
