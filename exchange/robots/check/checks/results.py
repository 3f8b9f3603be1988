"""Whether the exchange would add every entry of the robot's result."""

from functools import partial

from exchange.contract.json_input import BYTE_ORDER_MARK
from exchange.contract.reports import EntryKind
from exchange.robots.check.bench import Bench
from exchange.robots.check.jobs import PlayedJob
from exchange.robots.check.model import Check, Failed, Judgement, Level, NotApplicable, Passed, judge_that
from exchange.robots.check.result_file import ResultSummary, judge_result

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
        "writes no byte order mark",
        "The exchange ignores it, but other programs that read the same file may not.",
        "Write UTF-8 without a byte order mark. In Python the encoding is utf-8, not utf-8-sig.",
        _judge_start,
    ),
)
