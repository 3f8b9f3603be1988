"""The comparison of the sample robot with the reviewers' labels of the sample references."""

import hashlib
import json
from functools import cache
from uuid import UUID

from exchange.compare.catalogue import Catalogue
from exchange.compare.comparison import Comparison, compare
from exchange.compare.labels import Labelling, find_pair
from samples.robot_from_scratch.robot import make_entry
from tests.samples.references import FILE
from tests.unit.compare.sides import AT, Json, to_line


@cache
def list_references() -> list[bytes]:
    """Return the sample references as the exchange would return them: with ids, which are always the same."""
    return [to_line(_add_ids(line)) for line in FILE.read_bytes().splitlines()]


@cache
def list_results() -> list[bytes]:
    """Return the enhancements that the sample robot adds."""
    entries = (make_entry(json.loads(line)) for line in list_references())
    return [to_line(entry) for entry in entries if "content" in entry]


@cache
def compare_samples() -> Comparison:
    """Return how well "randomised trial" of the robot predicts that the reviewers include a reference."""
    catalogue = Catalogue()
    catalogue.add_references(list_references())
    people = Labelling("Reviewers of Nagtegaal 2019")
    # The file has no ids, so the references are matched by their identifiers.
    people.read_references(FILE.read_bytes().splitlines(), catalogue)
    robot = Labelling("study-design-robot 1.0")
    robot.read_enhancements(list_results())
    pair = find_pair("screening:Nagtegaal_2019:included=study-design:randomised trial", people, robot)
    return compare(people, robot, catalogue, AT, mapping=[pair])


def _add_ids(line: bytes) -> Json:
    reference: Json = json.loads(line)
    reference["id"] = _make_id(line)
    for number, enhancement in enumerate(reference["enhancements"]):
        enhancement["id"] = _make_id(line + str(number).encode())
    return reference


def _make_id(content: bytes) -> str:
    return str(UUID(bytes=hashlib.sha256(content).digest()[:16], version=4))
