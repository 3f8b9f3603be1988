"""The comparison as one HTML page that needs no other file and no script."""

from importlib.resources import files
from itertools import chain

from exchange.compare.comparison import Comparison, LabelComparison, SchemeComparison
from exchange.compare.definitions import DEFINITIONS, MACRO, MICRO, SOURCES, Definition
from exchange.compare.markup import Markup, join, make_element
from exchange.compare.page_figures import draw_label_curves, draw_summary
from exchange.compare.page_tables import (
    Numbers,
    make_averages_table,
    make_choices_table,
    make_confusion_table,
    make_disagreements_table,
    make_statistics_table,
    make_summary_table,
)
from exchange.compare.wording import describe_side, format_time, list_label_notes, list_notes

DEFAULT_DISAGREEMENTS = 100

# No script runs and nothing is loaded, even if the page contained it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def to_html(comparison: Comparison, max_disagreements: int = DEFAULT_DISAGREEMENTS) -> str:
    """Return the page, with at most some disagreements for each label."""
    title = f"{comparison.b.name} compared with {comparison.a.name}"
    style = Markup(files("exchange.compare").joinpath("page.css").read_text(encoding="utf-8"))
    numbers = Numbers()
    head = [
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        make_element("title", title),
        make_element("style", style),
    ]
    main = [
        _make_header(title, comparison),
        _make_section("Summary", [draw_summary(comparison, numbers), make_summary_table(comparison, numbers)]),
        *(_make_scheme_section(scheme, comparison, numbers) for scheme in comparison.schemes),
        *(
            _make_label_section(number, label, comparison, numbers, max_disagreements)
            for number, label in enumerate(comparison.labels, start=1)
        ),
        _make_section("What was compared", [_make_list("ul", list(list_notes(comparison)))]),
        _make_definitions(comparison),
    ]
    document = make_element(
        "html",
        make_element("head", join(head, "\n")),
        make_element("body", make_element("main", join(main, "\n"))),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{document}\n"


def _make_header(title: str, comparison: Comparison) -> Markup:
    a, b = comparison.a, comparison.b
    lead = (
        f"How far the labels of B, {b.name}, agree with those of A, {a.name}, on the same references. "
        "A is the baseline: precision and recall measure B against it."
    )
    facts = [
        ("A, the baseline", a.name, describe_side(a)),
        ("B", b.name, describe_side(b)),
        ("Compared", format_time(comparison), "Intervals have a confidence of 95%."),
    ]
    return make_element(
        "header",
        make_element("p", "Comparison of labels", class_="kicker"),
        make_element("h1", title),
        make_element("p", lead, class_="lead"),
        make_element(
            "dl",
            *(
                make_element("div", make_element("dt", term), *(make_element("dd", text) for text in texts))
                for term, *texts in facts
            ),
            class_="facts",
        ),
    )


def _make_section(title: str, parts: list[Markup], section_id: str | None = None) -> Markup:
    return make_element("section", make_element("h2", title), *parts, id=section_id)


def _make_list(name: str, items: list[str], class_: str | None = None) -> Markup:
    return make_element(name, *(make_element("li", item) for item in items), class_=class_)


def _make_label_section(
    number: int, label: LabelComparison, comparison: Comparison, numbers: Numbers, max_disagreements: int
) -> Markup:
    notes = [make_element("p", note, class_="note") for note in list_label_notes(label, comparison)]
    parts = [
        make_element(
            "div",
            make_element("div", make_confusion_table(label, numbers), *notes),
            make_statistics_table(label, numbers),
            class_="columns",
        ),
        draw_label_curves(label, numbers),
        make_disagreements_table(label, numbers, max_disagreements),
    ]
    return _make_section(str(label.pair), parts, f"label-{number}")


def _make_scheme_section(scheme: SchemeComparison, comparison: Comparison, numbers: Numbers) -> Markup:
    parts = [make_averages_table(scheme, numbers)]
    if scheme.choices is not None:
        parts.append(make_choices_table(scheme.choices, comparison, numbers))
    return _make_section(f"All labels of {scheme.name}", parts)


def _make_definitions(comparison: Comparison) -> Markup:
    """Return the definitions of the statistics on the page, and the sources that they cite."""
    used = {name for label in comparison.labels for name in label.estimates}
    definitions = [definition for name, definition in DEFINITIONS.items() if name in used]
    if comparison.schemes:
        definitions += [MACRO, MICRO]
    cited = list(dict.fromkeys(chain.from_iterable(definition.sources for definition in definitions)))
    described = (_describe(definition, cited) for definition in definitions)
    return _make_section(
        "Definitions and sources",
        [
            make_element("dl", *chain.from_iterable(described), class_="definitions"),
            make_element("h3", "Sources"),
            make_element(
                "ol",
                *(make_element("li", SOURCES[source], id=f"source-{source}") for source in cited),
                class_="sources",
            ),
        ],
    )


def _describe(definition: Definition, cited: list[str]) -> list[Markup]:
    links = (
        make_element("a", f"[{cited.index(source) + 1}]", href=f"#source-{source}") for source in definition.sources
    )
    return [make_element("dt", definition.title), make_element("dd", definition.text, " ", join(links, " "))]
