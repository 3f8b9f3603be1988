"""The first page: what the demo prints, what the diagram shows, what the clients are."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from uuid import UUID, uuid4

from exchange.domain.batch import Validation
from exchange.domain.entries import EntryValidator
from exchange.domain.manifest import Manifest
from exchange.domain.report import ReportWriter
from functions.http.register import ENDPOINTS
from local.demo import expected_report, output
from local.demo.__main__ import FOLDER, LOGS, REFERENCES_FOR_MISTAKES
from samples.misbehaving_robot.mistakes import MISTAKES
from samples.robot_from_scratch.robot import make_entry
from samples.robot_from_scratch.wire import Json
from tests.documents.reading import fences, marked_in, text_of
from tests.results import ORIGIN
from tests.sdk.releases import PRESENT, RELEASES
from tests.stacks import ROOT
from tests.unit.domain.batches import a_batch

README = text_of("README.md")
DEMO = text_of("local/demo/__main__.py")


def form(text: str) -> set[str]:
    """Return the lines with each number replaced."""
    return {re.sub(r"\d", "0", line).rstrip() for line in text.splitlines()}


def mask(report_line: str) -> str:
    """Replace what differs from run to run: ids, and the column at which a line ends."""
    return re.sub(
        r"column \d+", "column <n>", re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>", report_line)
    )


def sample_references() -> list[Json]:
    """Return the references that the demo loads, as its robots receive them."""
    references = []
    for line in text_of("samples/references.jsonl").splitlines():
        enhancements = [{**enhancement, "id": str(uuid4())} for enhancement in json.loads(line)["enhancements"]]
        references.append({"id": str(uuid4()), "enhancements": enhancements})
    return references


def report_on(result: Iterable[bytes], references: Iterable[Json]) -> list[str]:
    """Return the text report on the lines of a result, as the exchange writes it."""
    validator = EntryValidator(Manifest(UUID(reference["id"]) for reference in references), ORIGIN, 1 << 20)
    draft = bytes(validator.validate(result).draft_report) + validator.list_missing()[1]
    imported = a_batch(validation=Validation(attempt=uuid4(), etag="", entries=0, accepted=0, missing=0))
    return ReportWriter(imported, []).write(draft.splitlines()).text.decode().splitlines()


def judgeable_references() -> list[Json]:
    """Return the sample references that the first part of the demo requests."""
    references = {reference["id"]: reference for reference in sample_references()}
    return [references[reference_id] for reference_id in expected_report.select_judgeable(references)]


def counts_in(text: str) -> dict[str, int]:
    """Return how many lines of each kind a report has, as the demo prints it."""
    return {what: int(count) for count, what in re.findall(r"^ +(\d+)  (\w.*)$", text, re.MULTILINE)}


def report_of_part_1() -> list[str]:
    references = judgeable_references()
    return report_on([json.dumps(make_entry(reference)).encode() for reference in references], references)


def report_of_part_2() -> list[str]:
    """Return the report on one line for each mistake. The demo's robot makes them in this order, again and again."""
    references = sample_references()[: len(MISTAKES)]
    results = [mistake.lines(reference) for mistake, reference in zip(MISTAKES, references, strict=True)]
    return report_on([line for lines in results for line in lines], references)


def test_the_lines_of_the_two_reports_are_what_the_robots_of_the_demo_get() -> None:
    (block,) = marked_in("README.md", "demo")
    shown = [part.splitlines() for part in block.code.split("Part ")[1:]]
    for lines, report in zip(shown[:2], (report_of_part_1(), report_of_part_2()), strict=True):
        report_lines = [line.strip() for line in lines if re.match(r" +(Reference|Entry) ", line)]
        assert report_lines
        assert set(map(mask, report_lines)) <= set(map(mask, report))


def test_the_counts_of_the_first_report_are_those_of_the_sample_robot() -> None:
    (block,) = marked_in("README.md", "demo")
    part_1 = block.code.partition("Part 2")[0]
    requested = len(judgeable_references())
    assert counts_in(part_1) == {expected_report.ADDED: requested}
    assert f"  {requested} of the {len(sample_references())} references are requested." in part_1


def test_the_counts_of_the_second_report_are_those_of_the_misbehaving_robot() -> None:
    (block,) = marked_in("README.md", "demo")
    account = dict.fromkeys(
        (mistake.name for mistake in MISTAKES), [str(uuid4())] * (REFERENCES_FOR_MISTAKES // len(MISTAKES))
    )
    expected = expected_report.count_kinds(expected_report.expect_from_misbehaving_robot(account))
    shown = counts_in(block.code.partition("Part 2")[2])
    assert shown
    assert shown.items() <= expected.items()


def test_the_output_of_the_demo_is_shown_as_the_demo_prints_it() -> None:
    (block,) = marked_in("README.md", "demo")
    lines = block.code.splitlines()
    titles = [line for line in lines if line.startswith("Part ")]
    statuses = re.findall(r" s  (\w+)$", block.code, re.MULTILINE)
    report = [line.strip() for line in lines if re.match(r" +(Reference|Entry) ", line)]
    with output.console.capture() as captured:
        with output.Steps() as steps:
            for status in statuses:
                steps.show(status)
        output.show_selection(requested=100, loaded=100)
        for part in block.code.split("Part "):
            output.show_counts(Counter(counts_in(part)))
        for line in report:
            output.show_report([line])
        batch_id = re.search(r"batch/([0-9a-f-]{36})/retry", block.code)[1]  # type: ignore[index] # it is there
        for part in re.findall(r"(\d+) references requested = (.+)", block.code):
            states = {state: int(count) for count, state in re.findall(r"(\d+) (\w+)", part[1])}
            counts = {"requested": int(part[0]), **states}
            assert sum(states.values()) == counts["requested"]
            output.show_references(counts)
            output.show_how_to_retry({"id": batch_id, "counts": counts})
        output.show_next_steps(FOLDER, LOGS)
    assert len(lines) >= 10
    assert report
    assert all(f"[bold]{title}[/bold]" in DEMO for title in titles)
    assert form("\n".join(set(lines) - set(titles))) <= form(captured.get())


def test_the_diagram_has_every_call_that_the_endpoints_serve() -> None:
    (diagram,) = fences("README.md", "mermaid")
    first, *others = diagram.splitlines()
    assert first == "sequenceDiagram"
    arrow = r" +\w+(->>|-->>)\w+: [^;#]+"
    assert all(re.fullmatch(rf" +participant \w+( as [\w ]+)?|{arrow}", line) for line in others)
    calls = set(re.findall(r"->>Exchange: (GET|POST) /(\S+)", diagram))
    served = {(endpoint.method, re.sub(r"{\w+}", "{id}", endpoint.path)) for endpoint in ENDPOINTS}
    assert calls
    assert {(method, path.rstrip("/")) for method, path in calls} <= served


def test_the_releases_of_the_sdk_are_those_that_are_tested() -> None:
    for document in (README, text_of("docs/robots.md")):
        text = " ".join(document.split())
        assert f"`destiny-sdk` {RELEASES[0]} to {RELEASES[-1]}" in text
        assert f"{PRESENT[0]} to {PRESENT[-1]}" in text


def test_the_layout_has_every_folder() -> None:
    layout = README.partition("## Layout")[2]
    folders = {path.parent.name for path in ROOT.glob("*/*.*") if not path.parent.name.startswith(".")}
    assert {name.rstrip("/") for name in re.findall(r"`(\w+/)`", layout)} == folders - {"__pycache__"}


def test_the_first_screen_has_the_two_commands() -> None:
    start = README.splitlines()[:50]
    assert {"    make demo", "    make test"} <= set(start)
