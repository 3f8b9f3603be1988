from xml.etree import ElementTree as ET

from benchmarks import svg

SVG = "{http://www.w3.org/2000/svg}"


def test_a_line_rises_with_its_figures() -> None:
    plot = ET.fromstring(svg.draw_lines("Time <s>", "entries", "s", {"a & b": [(10, 1), (1_000, 100)]}))  # noqa: S314 - we made it
    line = plot.find(f"{SVG}polyline")
    assert line is not None
    (x1, y1), (x2, y2) = [point.split(",") for point in line.attrib["points"].split()]
    assert float(x1) < float(x2)
    assert float(y1) > float(y2)
    assert {"Time <s>", "a & b"} <= {text.text for text in plot.iter(f"{SVG}text")}


def test_the_length_of_a_bar_is_proportional_to_its_duration() -> None:
    plot = ET.fromstring(svg.draw_bars("Flow", [("short", 0.0, 1.0), ("long", 1.0, 5.0)]))  # noqa: S314 - we made it
    short, long = [float(bar.attrib["width"]) for bar in plot.iter(f"{SVG}rect") if "y" in bar.attrib]
    assert 3.9 < long / short < 4.1
