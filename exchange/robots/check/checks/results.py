"""Whether the exchange would add every entry of the robot's result."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError

from exchange.contract.enhancements import Enhancement
from exchange.contract.json_input import BYTE_ORDER_MARK
from exchange.contract.reports import EntryKind
from exchange.contract.robots import BatchEnhancementResultEntry, LinkedRobotError
from exchange.robots.check.bench import Bench
from exchange.robots.check.jobs import PlayedJob
from exchange.robots.check.model import Check, Failed, Judgement, Level, NotApplicable, Passed, judge_that
from exchange.robots.check.reading import list_entries, list_items
from exchange.robots.check.result_file import ResultSummary, judge_result

_ENTRY: TypeAdapter[Enhancement | LinkedRobotError] = TypeAdapter(BatchEnhancementResultEntry)
_NO_RESULT = NotApplicable("The robot uploaded no result.")


def _summarize(job: PlayedJob, result: bytes) -> ResultSummary:
    return judge_result(job.reference_ids, [result], lambda _: None)


async def _judge_format(bench: Bench) -> Judgement:
    job = await bench.deliver_plain()
    if job.result is None:
        return _NO_RESULT
    fault = _summarize(job, job.result).fault
    return Passed() if fault is None else Failed(fault)


async def _judge_kind(bench: Bench, kind: EntryKind) -> Judgement:
    """Judge whether the exchange's report on the result has a line of this kind."""
    job = await bench.deliver_plain()
    if job.result is None:
        return _NO_RESULT
    messages = [error for error in _summarize(job, job.result).errors.errors if error.kind == kind]
    shown = "; ".join(f"{error.count} x {error.message}" for error in messages)
    return judge_that(passed=not messages, found=f"The report of the exchange has: {shown}")


async def _judge_added(bench: Bench) -> Judgement:
    job = await bench.deliver_plain()
    if job.result is None:
        return _NO_RESULT
    return judge_that(
        passed=bool(_summarize(job, job.result).kinds.get(EntryKind.ADDED)),
        found="The result has no enhancement that the exchange would add.",
    )


async def _judge_start(bench: Bench) -> Judgement:
    job = await bench.deliver_plain()
    if job.result is None:
        return _NO_RESULT
    return judge_that(
        passed=not job.result.startswith(BYTE_ORDER_MARK), found="The result begins with a byte order mark."
    )


async def _judge_secrecy(bench: Bench) -> Judgement:
    job = await bench.deliver_plain()
    if job.result is None:
        return _NO_RESULT
    return judge_that(
        passed=not bench.has_secret(job.result), found="The result has a signed URL or the robot's secret."
    )


async def _judge_entries(bench: Bench, find_faults: Callable[[PlayedJob], Iterator[str]]) -> Judgement:
    """Judge the entries that can be read. `find_faults` yields a sentence for each fault."""
    job = await bench.deliver_plain()
    if job.result is None:
        return _NO_RESULT
    found = next(find_faults(job), None)
    return Passed() if found is None else Failed(found)


def _find_ignored_fields(job: PlayedJob) -> Iterator[str]:
    for entry in list_entries(job):
        try:
            # As JSON, because the model accepts more types from Python.
            known = _ENTRY.validate_python(entry).model_dump(mode="json", exclude_unset=True)
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
        "RSLT-001",
        Level.MUST,
        "writes a result in UTF-8 with one JSON object a line",
        "Nothing of a file in another format can be imported.",
        "Write JSON lines: no array around them, no indentation, no compression, and no UTF-16.",
        _judge_format,
    ),
    Check(
        "RSLT-002",
        Level.MUST,
        "writes entries that can be read",
        "An entry that cannot be read is not added. Its reference has failed.",
        "Correct the field that the message names. Types are strict: a number is not a text, and NaN is not JSON.",
        partial(_judge_kind, kind=EntryKind.UNREADABLE),
    ),
    Check(
        "RSLT-003",
        Level.MUST,
        "writes entries for references of the job only",
        "Other entries are refused.",
        "Use the id of the reference as reference_id.",
        partial(_judge_kind, kind=EntryKind.NOT_REQUESTED),
    ),
    Check(
        "RSLT-004",
        Level.MUST,
        "writes each enhancement once",
        "A repeated entry is refused, and a batch with one is partial_failed.",
        "Empty the file before a job is resumed or repeated.",
        partial(_judge_kind, kind=EntryKind.DUPLICATE),
    ),
    Check(
        "RSLT-005",
        Level.MUST,
        "writes enhancements that can be stored",
        "What the database cannot hold is not added.",
        "Stay within the limits in docs/robots.md: size, nesting, integers up to 2^53, and valid Unicode.",
        partial(_judge_kind, kind=EntryKind.NOT_STORABLE),
    ),
    Check(
        "RSLT-006",
        Level.MUST,
        "writes an entry for each reference",
        "A reference without an entry is reported as missing, and a batch with one is partial_failed.",
        "Write an error with the reason for each reference without an enhancement.",
        partial(_judge_kind, kind=EntryKind.MISSING),
    ),
    Check(
        "RSLT-007",
        Level.MUST,
        "keeps signed URLs and the secret out of the result",
        "Requestors read the messages of errors, and anyone with a signed URL can read or replace the blob.",
        "Write messages of your own instead of the texts of exceptions.",
        _judge_secrecy,
    ),
    Check(
        "RSLT-008",
        Level.SHOULD,
        "adds an enhancement to at least one of 20 ordinary references",
        "A batch to which nothing is added has failed.",
        "Look at the messages of the errors. Skip this check if the robot rarely finds something.",
        _judge_added,
    ),
    Check(
        "RSLT-009",
        Level.SHOULD,
        "writes fields that the exchange knows",
        "Other fields are ignored, so what they say is lost. Often the name is misspelt.",
        "Compare the names with docs/robots.md. Own values belong to data of an annotation.",
        partial(_judge_entries, find_faults=_find_ignored_fields),
    ),
    Check(
        "RSLT-010",
        Level.SHOULD,
        "writes scores from 0 to 1",
        "Requestors set thresholds between 0 and 1, for example in exchange batches compare.",
        "Divide percentages by 100, and turn logits into probabilities.",
        partial(_judge_entries, find_faults=_find_scores),
    ),
    Check(
        "RSLT-011",
        Level.SHOULD,
        "writes no byte order mark",
        "The exchange ignores it, but other programs that read the same file may not.",
        "Write UTF-8 without a byte order mark. In Python the encoding is utf-8, not utf-8-sig.",
        _judge_start,
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
