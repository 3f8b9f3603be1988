"""The first page: what the demo prints, what the diagram shows, what the clients are."""

import re
from collections import Counter

from functions.http.register import ENDPOINTS
from local.demo import output
from tests.documents.reading import fences, marked_in, text_of
from tests.sdk.releases import RELEASES
from tests.stacks import ROOT

README = text_of("README.md")
DEMO = text_of("local/demo/__main__.py")


def form(text: str) -> set[str]:
    """Return the lines with each number replaced."""
    return {re.sub(r"\d", "0", line).rstrip() for line in text.splitlines()}


def test_the_output_of_the_demo_is_shown_as_the_demo_prints_it() -> None:
    (block,) = marked_in("README.md", "demo")
    lines = block.code.splitlines()
    titles = [line for line in lines if line.startswith("Part ")]
    statuses = re.findall(r" s  (\w+)$", block.code, re.MULTILINE)
    counts = Counter({what: int(count) for count, what in re.findall(r"^ +(\d+)  (\w.*)$", block.code, re.MULTILINE)})
    report = [line.strip() for line in lines if re.match(r" +(Reference|Entry) ", line)]
    with output.console.capture() as captured:
        with output.Steps() as steps:
            for status in statuses:
                steps.show(status)
        output.show_counts(counts)
        for line in report:
            output.show_report([line])
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
    assert f"`destiny-sdk` {RELEASES[0]} to {RELEASES[-1]}" in " ".join(README.split())
    assert f"`destiny-sdk` {RELEASES[0]} to {RELEASES[-1]}" in " ".join(text_of("docs/robots.md").split())


def test_the_layout_has_every_folder() -> None:
    layout = README.partition("## Layout")[2]
    folders = {path.parent.name for path in ROOT.glob("*/*.*") if not path.parent.name.startswith(".")}
    assert {name.rstrip("/") for name in re.findall(r"`(\w+/)`", layout)} == folders - {"__pycache__"}


def test_the_first_screen_has_the_two_commands() -> None:
    start = README.splitlines()[:50]
    assert {"    make demo", "    make test"} <= set(start)
