"""A curve as a picture: an SVG that can be read on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import NamedTuple

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 90, 40, 50  # around the field of the curves
STEPS = 5  # lines across the field, about

# Both grounds: neither text nor curves need a background. Told apart by dashes as well.
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #333 }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8888; stroke-width: 1 }
.curve { fill: none; stroke-width: 2.5 }
.c0 { stroke: #2a6fb0 } .c1 { stroke: #b3541e; stroke-dasharray: 8 4 }
.c2 { stroke: #6b3fa0; stroke-dasharray: 2 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd }
  .c0 { stroke: #7db9ee } .c1 { stroke: #f0a070 } .c2 { stroke: #c3a5ee }
}
"""


class Curve(NamedTuple):
    """Points in the order of x. All curves of a picture share its axes, from 0."""

    name: str
    points: Sequence[tuple[float, float]]


def draw(title: str, across: str, up: str, curves: Sequence[Curve]) -> str:
    """Return the picture. `across` and `up` say what the axes count."""
    most_x = max(x for curve in curves for x, _ in curve.points)
    steps = _steps(max(y for curve in curves for _, y in curve.points))
    most_y = steps[-1]

    def at(x: float, y: float) -> tuple[float, float]:
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return round(LEFT + wide * x / most_x, 1), round(TOP + high * (1 - y / most_y), 1)

    parts = [_text(LEFT, 22, title, "start", "title")]
    for y in steps:
        left, line = at(0, y)
        parts.append(f'<path class="grid" d="M{left} {line}H{WIDTH - RIGHT}"/>')
        parts.append(_text(left - 8, line + 4, f"{y:,g}", "end"))
    parts.append(_text(LEFT - 8, TOP - 12, up, "end"))
    for x in sorted({x for curve in curves for x, _ in curve.points}):
        parts.append(_text(at(x, 0)[0], HEIGHT - BOTTOM + 20, f"{x:,g}", "middle"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across, "middle"))
    for number, curve in enumerate(curves):
        points = [at(*point) for point in curve.points]
        line = "L".join(f"{x} {y}" for x, y in points)
        parts.append(f'<path class="curve c{number}" d="M{line}"/>')
        if curve.name:
            parts.append(_text(points[-1][0] + 8, points[-1][1] + 4, curve.name, "start"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">\n<style>{STYLE}</style>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    looks = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{looks}>{escape(words)}</text>'


def _steps(most: float) -> list[float]:
    """Return round numbers from 0 to beyond `most`, about `STEPS` of them."""
    rough = max(most, 1e-9) / STEPS
    power = 10.0 ** floor(log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough)
    return [step * one for one in range(ceil(most / step) + 1)]
