from xml.etree import ElementTree as ET

from benchmarks import svg

SVG = "{http://www.w3.org/2000/svg}"


def test_a_line_goes_up_where_its_figures_do() -> None:
    plot = ET.fromstring(svg.lines("Time <s>", "entries", "s", {"a & b": [(10, 1), (1_000, 100)]}))  # noqa: S314 - ours
    line = plot.find(f"{SVG}polyline")
    assert line is not None
    (x1, y1), (x2, y2) = [point.split(",") for point in line.attrib["points"].split()]
    assert float(x1) < float(x2)
    assert float(y1) > float(y2)
    assert {"Time <s>", "a & b"} <= {text.text for text in plot.iter(f"{SVG}text")}


def test_a_bar_is_as_long_as_what_it_stands_for() -> None:
    plot = ET.fromstring(svg.bars("Flow", [("short", 0.0, 1.0), ("long", 1.0, 5.0)]))  # noqa: S314 - ours
    short, long = [float(bar.attrib["width"]) for bar in plot.iter(f"{SVG}rect") if "y" in bar.attrib]
    assert 3.9 < long / short < 4.1
