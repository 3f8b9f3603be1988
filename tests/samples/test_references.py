import json

from exchange.contract.references import ReferenceFileInput
from tests.samples.references import FILE, given, texts
from tests.stacks import ROOT


def test_each_line_is_a_reference_to_load() -> None:
    lines = FILE.read_bytes().splitlines()
    assert len(lines) == 500
    for line in lines:
        ReferenceFileInput.model_validate_json(line, strict=True)


def test_no_two_have_an_identifier_in_common() -> None:
    items = [json.loads(line) for line in FILE.read_bytes().splitlines()]
    identifiers = [json.dumps(one, sort_keys=True).lower() for item in items for one in item["identifiers"]]
    assert len(identifiers) >= 500
    assert len(identifiers) == len(set(identifiers))


def test_most_have_an_abstract_and_all_have_the_reviewers_label() -> None:
    assert sum(bool(texts(item)[1]) for item in given()) == 460
    for line in FILE.read_bytes().splitlines():
        types = [enhancement["enhancement_type"] for enhancement in json.loads(line)["enhancements"]]
        assert "bibliographic" in types
        assert "annotation" in types


def test_the_readme_says_where_they_are_from() -> None:
    readme = (ROOT / "samples" / "README.md").read_text()
    for said in ("Nagtegaal 2019", "10.7910/DVN/WMGPGZ", "CC0", "every fourth line", "460 of the 500"):
        assert said in readme
