"""Whether the entries of the result say what the robot means."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from msgspec.json import encode
from pydantic import TypeAdapter, ValidationError

from exchange.contract.enhancements import Enhancement
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.robots.check.bench import Bench
from exchange.robots.check.jobs import PlayedJob
from exchange.robots.check.model import Check, Failed, Judgement, Level, NotApplicable, Passed
from exchange.robots.check.reading import list_entries, list_items

_ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)


async def _judge_entries(bench: Bench, find_faults: Callable[[PlayedJob], Iterator[str]]) -> Judgement:
    """Judge the entries that can be read. `find_faults` yields a sentence for each fault."""
    job = await bench.deliver_plain()
    if job.result is None:
        return NotApplicable("The robot uploaded no result.")
    found = next(find_faults(job), None)
    return Passed() if found is None else Failed(found)


def _find_ignored_fields(job: PlayedJob) -> Iterator[str]:
    for entry in list_entries(job):
        try:
            known = _ENTRY.validate_json(encode(entry)).model_dump(mode="json", exclude_unset=True)
        except ValidationError:
            continue
        for path in _list_additional(entry, known):
            yield f"The exchange ignores the field {path}."


def _list_additional(given: Any, known: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of what the models do not know."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            if name in known:
                yield from _list_additional(value, known[name], f"{path}{name}.")
            else:
                yield f"{path}{name}"
    elif isinstance(given, list) and isinstance(known, list):
        for value, known_value in zip(given, known, strict=False):
            yield from _list_additional(value, known_value, path)


def _find_scores(job: PlayedJob) -> Iterator[str]:
    for entry in list_entries(job):
        for annotation in list_items(entry, "annotations"):
            score = annotation.get("score")
            if isinstance(score, int | float) and not 0 <= score <= 1:
                yield f"The score of '{annotation.get('label')}' is {score}."


def _find_sources(job: PlayedJob) -> Iterator[str]:
    """Find entries that are derived from what their reference does not have."""
    available = {
        reference["id"]: {enhancement["id"] for enhancement in reference["enhancements"]}
        for reference in job.references
    }
    for entry in list_entries(job):
        derived_from = entry.get("derived_from")
        known = available.get(str(entry.get("reference_id")))
        if isinstance(derived_from, list) and known is not None and not set(map(str, derived_from)) <= known:
            yield f"derived_from of reference {entry['reference_id']} has an id that is none of its enhancements."


def _find_versions(job: PlayedJob) -> Iterator[str]:
    versions = {str(entry.get("robot_version")) for entry in list_entries(job) if "content" in entry}
    if len(versions) > 1:
        first, second, *_ = sorted(versions)
        yield f"The enhancements have {len(versions)} values of robot_version, for example {first} and {second}."


def _find_empty_messages(job: PlayedJob) -> Iterator[str]:
    for entry in list_entries(job):
        if "content" not in entry and not str(entry.get("message", "?")).strip():
            yield f"The error for reference {entry.get('reference_id')} has an empty message."


CHECKS = (
    Check(
        "RSLT-010",
        Level.SHOULD,
        "writes fields that the exchange knows",
        "Other fields are ignored, so what they say is lost. Often the name is misspelt.",
        "Compare the names with docs/robots.md. Own values belong to data of an annotation.",
        partial(_judge_entries, find_faults=_find_ignored_fields),
    ),
    Check(
        "RSLT-011",
        Level.SHOULD,
        "writes scores from 0 to 1",
        "Requestors set thresholds between 0 and 1, for example in exchange batches compare.",
        "Divide percentages by 100, and turn logits into probabilities.",
        partial(_judge_entries, find_faults=_find_scores),
    ),
    Check(
        "RSLT-012",
        Level.SHOULD,
        "derives enhancements from those of the same reference",
        "The exchange does not verify derived_from, so a wrong id misleads readers.",
        "Use the ids of the enhancements that the robot has read, or leave the field out.",
        partial(_judge_entries, find_faults=_find_sources),
    ),
    Check(
        "RSLT-013",
        Level.SHOULD,
        "writes the same robot_version in each enhancement",
        "With skip_enhanced, references count as enhanced only by the present version.",
        "Write the version that the operators have set, or leave the field out.",
        partial(_judge_entries, find_faults=_find_versions),
    ),
    Check(
        "RSLT-014",
        Level.SHOULD,
        "explains its errors",
        "Requestors read the message, and need to know what to do.",
        "Write a sentence as the message.",
        partial(_judge_entries, find_faults=_find_empty_messages),
    ),
)
