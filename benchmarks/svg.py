"""Small plots as SVG: lines over logarithmic axes, and bars over time."""

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_COLOURS = ("#0b6fa4", "#c8501e", "#3d8b37", "#7a4fa3", "#8c6d1f", "#555555", "#b0305c", "#1f8a8a")
_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 640, 360, 70, 40, 150, 50
_BAR, _STEP = 18, 28


def draw_lines(title: str, across: str, up: str, series: Mapping[str, Points]) -> str:
    """Return a plot of each series as a line over logarithmic axes."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    to_x = _make_log_scale(xs, _LEFT, _WIDTH - _RIGHT)
    to_y = _make_log_scale(ys, _HEIGHT - _BOTTOM, _TOP)
    parts = [_make_text(_LEFT, 20, title, "bold"), _make_text(_LEFT, _HEIGHT - 10, across), _make_text(5, _TOP - 8, up)]
    for x in _list_decades(xs):
        parts += [
            _make_line(to_x(x), _TOP, to_x(x), _HEIGHT - _BOTTOM),
            _make_text(to_x(x) - 14, _HEIGHT - 32, _format(x)),
        ]
    for y in _list_decades(ys):
        parts += [_make_line(_LEFT, to_y(y), _WIDTH - _RIGHT, to_y(y)), _make_text(8, to_y(y) + 4, _format(y))]
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{to_x(x):.1f}" cy="{to_y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(_make_text(_WIDTH - _RIGHT + 12, _TOP + 20 * number, name, colour=colour))
    return _make_svg(_WIDTH, _HEIGHT, parts)


def draw_bars(title: str, spans: Sequence[tuple[str, float, float]]) -> str:
    """Return a plot with a bar for each span (name, start, end), in seconds."""
    height = _TOP + _STEP * len(spans) + _BOTTOM
    left, right = 110, 90
    longest = max(end for _, _, end in spans)
    scale = (_WIDTH - left - right) / longest
    parts = [_make_text(10, 20, title, "bold"), _make_text(left, height - 10, "seconds since the request")]
    step = _choose_step(longest)
    for tick in range(int(longest / step) + 1):
        x = left + tick * step * scale
        parts += [_make_line(x, _TOP, x, height - _BOTTOM), _make_text(x - 6, height - 30, f"{tick * step:g}")]
    for number, (name, start, end) in enumerate(spans):
        y = _TOP + _STEP * number + 4
        x, width = left + start * scale, max((end - start) * scale, 1.0)
        colour = _COLOURS[number % len(_COLOURS)]
        parts.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>')
        parts += [_make_text(10, y + 14, name), _make_text(x + width + 6, y + 14, f"{end - start:.2f} s")]
    return _make_svg(_WIDTH, height, parts)


def _make_log_scale(values: Sequence[float], first: float, last: float) -> "_Scale":
    low, high = math.log10(min(values)), math.log10(max(values))
    return _Scale(low, first, (last - first) / ((high - low) or 1.0))


class _Scale:
    def __init__(self, low: float, first: float, step: float) -> None:
        self._low, self._first, self._step = low, first, step

    def __call__(self, value: float) -> float:
        return self._first + (math.log10(value) - self._low) * self._step


def _list_decades(values: Sequence[float]) -> list[float]:
    exponents = range(math.ceil(math.log10(min(values)) - 1e-9), math.floor(math.log10(max(values)) + 1e-9) + 1)
    return [10.0**exponent for exponent in exponents]


def _choose_step(longest: float) -> float:
    exponent = 10.0 ** math.floor(math.log10(longest))
    return next(exponent * part for part in (0.1, 0.2, 0.5, 1, 2) if longest / (exponent * part) <= 10)  # noqa: PLR2004 - at most ten marks


def _format(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _make_text(x: float, y: float, words: str, weight: str = "normal", colour: str = "#222") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-weight="{weight}">{escape(words)}</text>'


def _make_line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _make_svg(width: int, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
    body = "\n".join(parts)
    return f'{head} font-size="12">\n<rect width="{width}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
