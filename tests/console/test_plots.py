"""The plots of the console: their ticks are round, and each has what a screen reader needs."""

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.paths import ROOT
from tests.console.node import Modules
from tests.unit.compare.sides import Json

DAYS = [f"2026-11-{day:02}" for day in range(1, 31)]
SERIES = [{"name": "completed", "values": [*range(29), 0]}, {"name": "failed", "values": [1] * 30}]
ESTIMATES = [
    {"name": "topic:a", "estimate": {"value": 0.5, "low": 0.25, "high": 0.75}},
    {"name": "x" * 300, "estimate": {"value": -0.4, "low": -0.9, "high": 0.1}},
    {"name": "one label only", "estimate": {"value": None, "low": None, "high": None}},
    {"name": "perfect", "estimate": {"value": 1, "low": None, "high": None}},
]
TIMES = [{"name": "median", "values": [60, None, 90, 7200]}]
PLOTS: dict[str, Json] = {
    "drawBars": {"heading": "Day", "categories": DAYS, "series": SERIES},
    "drawLines": {"heading": "Day", "categories": DAYS[:4], "series": TIMES, "unit": "duration"},
    "drawHistogram": {"heading": "Score", "counted": "References", "values": [0.05, 0.1, 0.1, 0.95, 1]},
    "drawIntervals": {"heading": "Label", "statistic": "Kappa", "rows": ESTIMATES},
}
EMPTY: dict[str, Json] = {
    "drawBars": {"heading": "Day", "categories": [], "series": []},
    "drawLines": {"heading": "Day", "categories": [], "series": []},
    "drawHistogram": {"heading": "Score", "counted": "References", "values": []},
    "drawIntervals": {"heading": "Label", "statistic": "Kappa", "rows": []},
}
CAPTION = {"id": "p1", "title": "Batches per day", "description": "Most were completed."}


def draw(modules: Modules, name: str, data: Json, width: int = 400) -> Json:
    figure: Json = modules.call("plot", name=name, caption={**CAPTION, "width": width}, data=data)
    return figure


def iterate(element: Json) -> Iterator[Json]:
    yield element
    for child in element["children"]:
        if isinstance(child, dict):
            yield from iterate(child)


def find(element: Json, name: str) -> list[Json]:
    return [found for found in iterate(element) if found["name"] == name]


def read_table(figure: Json) -> list[list[str]]:
    return [[cell["children"][0] for cell in row["children"]] for row in find(figure, "tr")]


@pytest.mark.parametrize("data", [PLOTS, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize("name", PLOTS)
def test_each_plot_is_described(modules: Modules, name: str, data: dict[str, Json]) -> None:
    figure = draw(modules, name, data[name])
    plot = find(figure, "svg")[0]
    assert plot["attributes"]["role"] == "img"
    assert plot["attributes"]["aria-labelledby"] == find(plot, "title")[0]["attributes"]["id"] == "p1-title"
    assert plot["attributes"]["aria-describedby"] == find(plot, "desc")[0]["attributes"]["id"] == "p1-description"
    assert find(plot, "title")[0]["children"] == ["Batches per day"]
    assert find(figure, "summary")[0]["children"] == ["Show the figures as a table"]
    assert {"style", "onclick"}.isdisjoint(key for element in iterate(figure) for key in element["attributes"])


@pytest.mark.parametrize("width", [320, 400, 900])
@pytest.mark.parametrize("data", [PLOTS, EMPTY], ids=["full", "empty"])
@pytest.mark.parametrize("name", PLOTS)
def test_each_shape_is_within_its_plot(modules: Modules, name: str, data: dict[str, Json], width: int) -> None:
    plot = find(draw(modules, name, data[name], width), "svg")[0]
    _, _, right, bottom = map(float, plot["attributes"]["viewBox"].split())
    assert right == width
    for shape in iterate(plot):
        places = {key: value for key, value in shape["attributes"].items() if key in {"x", "x1", "x2", "cx"}}
        heights = {key: value for key, value in shape["attributes"].items() if key in {"y", "y1", "y2", "cy"}}
        assert all(0 <= value <= right for value in places.values()), shape
        assert all(0 <= value <= bottom for value in heights.values()), shape
        # JSON has null for a number that is not finite.
        assert None not in shape["attributes"].values(), shape


@pytest.mark.parametrize("name", PLOTS)
def test_each_class_is_in_the_stylesheet(modules: Modules, name: str) -> None:
    css = (ROOT / "console" / "plots" / "plots.css").read_text()
    used = {
        word
        for item in iterate(draw(modules, name, PLOTS[name]))
        for word in item["attributes"].get("class", "").split()
    }
    assert {word for word in used if f".{word}" not in css} <= {"plot-table"}


def test_bars_are_stacked(modules: Modules) -> None:
    data = {
        "heading": "Day",
        "categories": ["a"],
        "series": [{"name": n, "values": [v]} for n, v in (("x", 2), ("y", 1))],
    }
    figure = draw(modules, "drawBars", data)
    low, high = (bar["attributes"] for bar in find(find(figure, "svg")[0], "rect"))
    assert low["y"] == pytest.approx(high["y"] + high["height"], abs=0.02)
    assert low["height"] == pytest.approx(2 * high["height"], abs=0.02)
    assert low["class"] != high["class"]
    assert read_table(figure) == [["Day", "x", "y"], ["a", "2", "1"]]
    assert [item["children"][1] for item in find(figure, "li")] == ["x", "y"]


def test_a_line_has_a_gap_where_there_is_no_value(modules: Modules) -> None:
    figure = draw(modules, "drawLines", PLOTS["drawLines"])
    (path,) = find(figure, "path")
    assert [
        part[0] for part in path["attributes"]["d"].replace("L", " L").replace("M", " M").split() if part[0] in "ML"
    ] == [
        "M",
        "M",
        "L",
    ]
    assert [row[1] for row in read_table(figure)] == ["median", "1 min", "none", "1.5 min", "2 h"]


def test_labels_of_categories_do_not_overlap(modules: Modules) -> None:
    plot = find(draw(modules, "drawBars", PLOTS["drawBars"]), "svg")[0]
    places = [text["attributes"]["x"] for text in find(plot, "text") if text["children"][0].startswith("2026")]
    assert len(places) > 2
    assert min(right - left for left, right in pairwise(places)) > 10 * 7


def test_the_table_of_estimates(modules: Modules) -> None:
    rows = read_table(draw(modules, "drawIntervals", PLOTS["drawIntervals"]))
    assert rows[1] == ["topic:a", "0.50", "0.25 to 0.75"]
    assert rows[3] == ["one label only", "not defined", "none"]
    assert rows[4] == ["perfect", "1.00", "none"]
    assert rows[2][0] == "x" * 300


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.integers(1, 30))
def test_each_value_is_in_one_bin(modules: Modules, values: list[float], count: int) -> None:
    bins = modules.call("bins", values=values, count=count)
    assert sum(item["count"] for item in bins) == len(values)
    assert bins[0]["low"] <= min(values) + (bins[0]["high"] - bins[0]["low"]) * 1e-6
    for item in bins[:-1]:
        assert item["count"] == sum(item["low"] <= value < item["high"] for value in values) or item is bins[0]


def test_equal_values_have_a_bin_of_their_own(modules: Modules) -> None:
    assert modules.call("bins", values=[1.0] * 3, count=10) == [{"low": 1, "high": 1, "count": 3}]
    data = {"heading": "score", "counted": "references", "values": [0.5, 0.5]}
    drawn = json.dumps(modules.call("plot", name="drawHistogram", caption=CAPTION, data=data))
    assert '"0.5: 2"' in drawn
    assert "0.5 to" not in drawn


finite = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-9)


@given(finite, finite, st.integers(2, 12), st.booleans())
def test_ticks_are_round(modules: Modules, one: float, other: float, count: int, whole: bool) -> None:  # noqa: FBT001 - drawn
    low, high = sorted((one, other))
    ticks = modules.call("ticks", low=low, high=high, options={"count": count, "whole": whole})
    step = ticks[1] - ticks[0]
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return
    assert ticks[0] <= low + step * 1e-6
    assert ticks[-1] >= high - step * 1e-6
    assert len(ticks) <= count + 3
    factor = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(factor - round_factor) for round_factor in (1, 2, 5)) < 1e-3
    if whole:
        assert all(tick == int(tick) for tick in ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 0.3, [0, 0.1, 0.2, 0.3]),
        (-0.3, 1, [-0.5, 0, 0.5, 1]),
        (0, 7, [0, 2, 4, 6, 8]),
        (0, 1e6, [0, 200_000, 400_000, 600_000, 800_000, 1e6]),
        (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
)
def test_known_ticks(modules: Modules, low: float, high: float, ticks: list[float]) -> None:
    assert modules.call("ticks", low=low, high=high) == ticks


@pytest.mark.parametrize(
    ("high", "labels"),
    [
        (0.5, ["0 s", "0.1 s", "0.2 s", "0.3 s", "0.4 s", "0.5 s"]),
        (9, ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s"]),
        (100, ["0 s", "30 s", "1 min", "1.5 min", "2 min"]),
        (5 * 3600, ["0 s", "1 h", "2 h", "3 h", "4 h", "5 h"]),
        (100 * 86400, ["0 s", "20 d", "40 d", "60 d", "80 d", "100 d"]),
    ],
)
def test_ticks_of_durations(modules: Modules, high: float, labels: list[str]) -> None:
    result: Any = modules.call("durationTicks", high=high)
    assert result["labels"] == labels
