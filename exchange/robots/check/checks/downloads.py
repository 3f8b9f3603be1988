"""Whether the robot reads every reference, and copes with storage that fails."""

from collections.abc import Callable
from functools import partial

from exchange.robots.check.bench import Bench
from exchange.robots.check.checks.common import deliver_gone, judge_delivery, judge_fault
from exchange.robots.check.jobs import CUT, Fault, Json, Kind, PlayedJob
from exchange.robots.check.model import Check, Failed, Judgement, Level, Passed, judge_that
from exchange.robots.check.reading import count_absent, find_batch_error
from exchange.robots.check.references import ReferenceMaker

_MANY = 10_000
_LONG_BYTES = 900_000
_TITLE = "A randomised trial of reminders"


async def _judge_reference(bench: Bench, make: Callable[[ReferenceMaker], Json]) -> Judgement:
    """Judge whether the robot delivers an entry for an unusual reference, which comes before an ordinary one."""
    unusual = make(bench.references)
    return await judge_delivery(bench, PlayedJob([unusual, bench.references.make_ordinary()]), [unusual])


def _make_with_separators(references: ReferenceMaker) -> Json:
    return references.make(f"{_TITLE}\u2028\u2029\x85", "We enrolled\u2028100 people.\u2029The end\x85.")


def _make_with_controls(references: ReferenceMaker) -> Json:
    return references.make(f"{_TITLE}\x00", "We enrolled\x00 100 people.\x1b\x7f\t\r\n The end.")


def _make_long(references: ReferenceMaker) -> Json:
    sentence = "We enrolled 100 people in a randomised trial. "
    return references.make(_TITLE, sentence * (_LONG_BYTES // len(sentence)))


def _make_with_nulls(references: ReferenceMaker) -> Json:
    return references.make(identifiers=None, enhancements=None)


def _make_with_new_fields(references: ReferenceMaker) -> Json:
    reference = references.make(_TITLE, "We enrolled 100 people.", a_new_field={"a": 1})
    for enhancement in reference["enhancements"]:
        enhancement["a_new_field"] = enhancement["content"]["a_new_field"] = [1]
    return reference


async def _judge_packets(bench: Bench) -> Judgement:
    """Send the references in packets that end in the middle of characters."""
    unusual = bench.references.make("Été à Zürich, 東京 and 🌍", "Fünf Prüfungen über 東京. 🌍 " * 3)
    job = PlayedJob([unusual, bench.references.make_ordinary()])
    job.cuts = [place for place in range(1, len(job.data)) if 0x80 <= job.data[place] < 0xC0]  # noqa: PLR2004 - UTF-8
    return await judge_delivery(bench, job, [unusual])


async def _judge_many(bench: Bench) -> Judgement:
    references = bench.references.make_many(min(_MANY, bench.exchange.queue.limit))
    return await judge_delivery(bench, PlayedJob(references), references)


async def _judge_busy_storage(bench: Bench) -> Judgement:
    references = bench.references.make_many(5)
    return await judge_delivery(bench, PlayedJob(references, {Kind.DOWNLOAD: [503, 503]}), references[-1:])


async def _deliver_cut(bench: Bench) -> PlayedJob:
    """Return a job whose first download was cut off in the middle."""
    faults = {Kind.DOWNLOAD: [CUT]}
    return await bench.deliver_once("cut", lambda: PlayedJob(bench.references.make_many(5), faults))


async def _judge_cut(bench: Bench) -> Judgement:
    """Judge whether the robot takes the part of a download for the whole. It may report that the batch failed."""
    job = await _deliver_cut(bench)
    absent = count_absent(job, job.references)
    return judge_that(
        passed=not absent or find_batch_error(job) is not None,
        found=f"The robot called back without an error, but {absent} references have no entry.",
    )


async def _judge_continuation(bench: Bench) -> Judgement:
    error = find_batch_error(await _deliver_cut(bench))
    return Passed() if error is None else Failed(f"The robot reported that the whole batch failed: {error}")


async def _judge_gone(bench: Bench) -> Judgement:
    """Serve no references. The robot can only report that the whole batch failed."""
    job = await deliver_gone(bench)
    return judge_that(
        passed=find_batch_error(job) is not None,
        found="Storage answered each download with 404, but the robot called back without an error.",
    )


CHECKS = (
    Check(
        "DATA-001",
        Level.MUST,
        "reads texts with the line separators U+2028, U+2029 and U+0085",
        "Some programs take these characters for the end of a line. Then the line is not JSON any more.",
        "Split lines at the byte 0x0A only. In Python, iterate over the bytes, and do not use str.splitlines().",
        partial(_judge_reference, make=_make_with_separators),
    ),
    Check(
        "DATA-002",
        Level.MUST,
        "reads texts with NUL and other control characters",
        "They come from converted PDF files. Databases and C libraries refuse them or end the text there.",
        "Remove control characters before a text is passed on, or deliver an error for the reference.",
        partial(_judge_reference, make=_make_with_controls),
    ),
    Check(
        "DATA-003",
        Level.MUST,
        "reads an abstract of 900 kB",
        "Some abstracts are whole papers. Line readers often have a limit of 64 kB, and models one of their input.",
        "Raise the limit of the line reader. Shorten the text for the model, or deliver an error for the reference.",
        partial(_judge_reference, make=_make_long),
    ),
    Check(
        "DATA-004",
        Level.MUST,
        "delivers an entry for a reference with nothing to judge",
        "Many references have no abstract or no identifier. A reference without an entry is reported as missing.",
        "Deliver an error that says why the reference cannot be judged.",
        partial(_judge_reference, make=ReferenceMaker.make),
    ),
    Check(
        "DATA-005",
        Level.MUST,
        "reads a reference whose identifiers and enhancements are null",
        "Both are a list or null.",
        "Treat null like an empty list.",
        partial(_judge_reference, make=_make_with_nulls),
    ),
    Check(
        "DATA-006",
        Level.MUST,
        "reads characters that are split between two packets",
        "The network cuts a download at any byte. A program that decodes each packet alone fails at the cut.",
        "Collect the bytes of a line before they are decoded.",
        _judge_packets,
    ),
    Check(
        "DATA-007",
        Level.MUST,
        "delivers 10,000 references within the time of a job",
        "Requestors ask for up to 100,000 references in one job.",
        "Stream the references and the result. If the robot is slow because of its model, raise --timeout.",
        _judge_many,
    ),
    Check(
        "DATA-008",
        Level.MUST,
        "ignores unknown fields of references",
        "Later versions of the exchange add fields.",
        "Read the fields that the robot knows, and ignore others.",
        partial(_judge_reference, make=_make_with_new_fields),
    ),
    Check(
        "DATA-009",
        Level.MUST,
        "sends no Authorization header to storage",
        "The URL is signed. Azure Storage verifies the header instead, and refuses the request.",
        "Send the robot's signature to the exchange only.",
        partial(judge_fault, fault=Fault.AUTHORIZATION),
    ),
    Check(
        "DATA-010",
        Level.MUST,
        "downloads again if storage answers 503",
        "Azure Storage answers 503 when it is busy. Without another attempt the batch fails.",
        "Repeat the request after a while, with a longer wait each time.",
        _judge_busy_storage,
    ),
    Check(
        "DATA-011",
        Level.MUST,
        "notices that a download was cut off",
        "A connection can break in the middle. The references after that would be missing.",
        "Compare the length with Content-Length, as most HTTP clients do.",
        _judge_cut,
    ),
    Check(
        "DATA-012",
        Level.MUST,
        "reports a failure of the whole batch",
        "Without a callback the requestor waits for a day, and then reads only that the robot was silent.",
        'Call back with {"error": {"message": ...}} if the job cannot be done, here because the references are gone.',
        _judge_gone,
    ),
    Check(
        "DATA-013",
        Level.SHOULD,
        "downloads again after a download was cut off",
        "Connections break more often in long downloads. Otherwise the whole batch fails each time.",
        "Download again, or the rest only, with the headers Range and If-Match.",
        _judge_continuation,
    ),
)
