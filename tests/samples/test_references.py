import json

from exchange.contract.references import ReferenceFileInput
from tests.samples.references import FILE, load_samples, read_texts
from tests.stacks import ROOT


def test_each_line_is_a_reference_that_can_be_loaded() -> None:
    lines = FILE.read_bytes().splitlines()
    assert len(lines) == 500
    for line in lines:
        ReferenceFileInput.model_validate_json(line, strict=True)


def test_no_identifier_occurs_twice() -> None:
    references = [json.loads(line) for line in FILE.read_bytes().splitlines()]
    identifiers = [
        json.dumps(identifier, sort_keys=True).lower()
        for reference in references
        for identifier in reference["identifiers"]
    ]
    assert len(identifiers) >= 500
    assert len(identifiers) == len(set(identifiers))


def test_460_references_have_an_abstract_and_all_have_the_reviewers_label() -> None:
    assert sum(bool(read_texts(reference)[1]) for reference in load_samples()) == 460
    for line in FILE.read_bytes().splitlines():
        types = [enhancement["enhancement_type"] for enhancement in json.loads(line)["enhancements"]]
        assert "bibliographic" in types
        assert "annotation" in types


def test_the_readme_names_the_source_and_the_license() -> None:
    readme = (ROOT / "samples" / "README.md").read_text()
    for words in ("Nagtegaal 2019", "10.7910/DVN/WMGPGZ", "CC0", "every fourth reference", "460 of the 500"):
        assert words in readme
