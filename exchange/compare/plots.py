"""Plots as SVG. Their colours are classes of `page.css`, so that they follow light and dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exchange.compare.markup import Markup, make_element
from exchange.compare.statistics import Estimate
from exchange.compare.wording import NOT_DEFINED, format_value

Point = tuple[float, float]

_WIDTH, _NAMES, _GAP, _VALUE, _ROW, _TOP, _BOTTOM = 960, 230, 26, 40, 30, 34, 30
_MAX_NAME_LENGTH = 34
_CURVE, _LEFT, _EDGE, _FLOOR = 340, 52, 14, 46
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Panel:
    """A column of the interval plot: the estimates of one statistic, one for each row."""

    title: str
    estimates: Sequence[Estimate]


def draw_intervals(plot_id: str, title: str, description: str, names: Sequence[str], panels: Sequence[Panel]) -> Markup:
    """Return a plot with a row for each name: in each panel a dot for the value, and a line for its interval."""
    bottom = _TOP + _ROW * len(names)
    width = (_WIDTH - _NAMES) / len(panels)
    parts = []
    for row, name in enumerate(names):
        y = _TOP + _ROW * (row + 0.5)
        if row % 2 == 0:
            parts.append(make_element("rect", x=0, y=y - _ROW / 2, width=_WIDTH, height=_ROW, class_="band"))
        parts.append(_write(10, y + 4, _shorten(name)))
    for number, panel in enumerate(panels):
        parts += _draw_panel(panel, _NAMES + number * width, _NAMES + (number + 1) * width - _GAP - _VALUE, bottom)
    return _make_svg(plot_id, title, description, (_WIDTH, bottom + _BOTTOM), parts)


def _draw_panel(panel: Panel, left: float, right: float, bottom: float) -> list[Markup]:
    lowest = _find_lowest(panel.estimates)

    def to_x(value: float) -> float:
        return left + (value - lowest) / (1 - lowest) * (right - left)

    parts = [_write(left, 18, panel.title, "heading")]
    for tick in (lowest, *_TICKS[::2]) if lowest < 0 else _TICKS:
        x = to_x(tick)
        parts.append(_draw_line((x, _TOP), (x, bottom), "zero" if lowest < 0 and tick == 0 else "grid"))
        parts.append(_write(x, bottom + 18, f"{tick:g}", "tick", "middle"))
    for row, estimate in enumerate(panel.estimates):
        y = _TOP + _ROW * (row + 0.5)
        if estimate.value is None:
            parts.append(_write(right + _VALUE, y + 4, NOT_DEFINED, "tick", "end"))
            continue
        if estimate.low is not None and estimate.high is not None:
            parts.append(_draw_line((to_x(estimate.low), y), (to_x(estimate.high), y), "interval"))
        parts.append(make_element("circle", cx=to_x(estimate.value), cy=y, r=4.5, class_="dot"))
        parts.append(_write(right + _VALUE, y + 4, format_value(estimate.value), "value", "end"))
    return parts


def _find_lowest(estimates: Sequence[Estimate]) -> float:
    """Return the start of the axis: 0, -0.5 or -1. Only kappa can be negative."""
    limits = [limit for estimate in estimates for limit in (estimate.value, estimate.low) if limit is not None]
    return math.floor(min([0.0, *limits]) * 2) / 2


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve in the unit square, with the line of a ranking by chance and the point of B's decisions."""

    across: str
    up: str
    points: Sequence[Point]
    chance: tuple[Point, Point]
    decisions: Point | None


def draw_curve(plot_id: str, title: str, description: str, curve: Curve) -> Markup:
    """Return a plot of the curve, with the line of chance and the point of B's decisions."""
    right, bottom = _CURVE - _EDGE, _CURVE - _FLOOR

    def to_point(point: Point) -> Point:
        return _LEFT + point[0] * (right - _LEFT), bottom - point[1] * (bottom - _EDGE)

    parts = []
    for tick in _TICKS:
        x, y = to_point((tick, tick))
        parts += [
            _draw_line((x, _EDGE), (x, bottom), "grid"),
            _draw_line((_LEFT, y), (right, y), "grid"),
            _write(x, bottom + 16, f"{tick:g}", "tick", "middle"),
            _write(_LEFT - 7, y + 4, f"{tick:g}", "tick", "end"),
        ]
    middle = (_EDGE + bottom) / 2
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(to_point, curve.points))
    parts += [
        _write((_LEFT + right) / 2, _CURVE - 8, curve.across, "axis", "middle"),
        make_element(
            "text", curve.up, x=14, y=middle, class_="axis", text_anchor="middle", transform=f"rotate(-90 14 {middle})"
        ),
        _draw_line(to_point(curve.chance[0]), to_point(curve.chance[1]), "chance"),
        make_element("polyline", points=points, class_="curve"),
    ]
    if curve.decisions is not None:
        x, y = to_point(curve.decisions)
        parts.append(make_element("circle", cx=x, cy=y, r=5, class_="decisions"))
    return _make_svg(plot_id, title, description, (_CURVE, _CURVE), parts)


def _shorten(name: str) -> str:
    return name if len(name) <= _MAX_NAME_LENGTH else f"{name[: _MAX_NAME_LENGTH - 1]}…"


def _write(x: float, y: float, text: str, class_: str = "name", anchor: str | None = None) -> Markup:
    return make_element("text", text, x=x, y=y, class_=class_, text_anchor=anchor)


def _draw_line(start: Point, end: Point, class_: str) -> Markup:
    return make_element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def _make_svg(plot_id: str, title: str, description: str, size: Point, parts: Sequence[Markup]) -> Markup:
    return make_element(
        "svg",
        make_element("title", title, id=f"{plot_id}-title"),
        make_element("desc", description, id=f"{plot_id}-description"),
        *parts,
        viewBox=f"0 0 {size[0]:g} {size[1]:g}",
        role="img",
        aria_labelledby=f"{plot_id}-title",
        aria_describedby=f"{plot_id}-description",
    )
