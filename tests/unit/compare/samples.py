"""The comparison of the sample robot with the reviewers' labels of the sample references."""

import hashlib
import json
from uuid import UUID

from exchange.compare.catalogue import Catalogue
from exchange.compare.comparison import Comparison, compare
from exchange.compare.labels import Labelling, find_pair
from samples.robot.robot import make_entry
from tests.samples.references import FILE
from tests.unit.compare.sides import AT, Json, to_line


def compare_samples() -> Comparison:
    """Return how well "randomised trial" of the robot predicts that the reviewers include a reference."""
    lines = FILE.read_bytes().splitlines()
    references = [_with_ids(line) for line in lines]
    catalogue = Catalogue()
    catalogue.add_references(map(to_line, references))
    people = Labelling("Reviewers of Nagtegaal 2019")
    # The file has no ids, so the references are matched by their identifiers.
    people.read_references(lines, catalogue)
    robot = Labelling("study-design-robot 1.0")
    entries = map(make_entry, references)
    robot.read_enhancements(to_line(entry) for entry in entries if "content" in entry)
    pair = find_pair("screening:Nagtegaal_2019:included=study-design:randomised trial", people, robot)
    return compare(people, robot, catalogue, AT, mapping=[pair])


def _with_ids(line: bytes) -> Json:
    reference: Json = json.loads(line)
    reference["id"] = _make_id(line)
    for number, enhancement in enumerate(reference["enhancements"]):
        enhancement["id"] = _make_id(line + str(number).encode())
    return reference


def _make_id(content: bytes) -> str:
    return str(UUID(bytes=hashlib.sha256(content).digest()[:16], version=4))
