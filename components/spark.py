"""A line as small as a word: the trend of a number as a picture, which costs the browser nothing to draw.

`st.metric` draws its trend as a chart of its own; a dozen of those kept the browser busy for longer than the server and
all other charts of Overview together (docs/decisions/0082).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from components.labels import plain

WIDTH: Final = 240
HEIGHT: Final = 36
_EDGE: Final = 4
COLOURS: Final = {"good": "#079464", "bad": "#D94A57", "": "#6B7280"}
"""Readable on the light and on the dark ground; the sign of the delta says the same in words."""


def spark(values: Sequence[float], *, tone: str = "", alt: str) -> str:
    """The trend of at least two values as text of a page, the oldest first; "" for fewer.

    `tone` is good, bad or nothing, `alt` is read aloud.
    """
    if len(values) < 2:
        return ""
    return f"![{plain(alt)}](data:image/svg+xml;base64,{_picture(tuple(values), COLOURS[tone])})"


@lru_cache(maxsize=2_000)
def _picture(values: tuple[float, ...], colour: str) -> str:
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points(values))
    x, y = points(values)[-1]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round" '
        f'stroke-linecap="round"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/></svg>'
    )
    return base64.b64encode(svg.encode()).decode()


def points(values: Sequence[float]) -> list[tuple[float, float]]:
    """Where each value lies in the picture: the least at the bottom, the greatest on top; mid-way if all agree."""
    least, most = min(values), max(values)
    step = (WIDTH - 2 * _EDGE) / (len(values) - 1)
    room = HEIGHT - 2 * _EDGE
    heights = [(v - least) / (most - least) if most > least else 0.5 for v in values]
    return [(_EDGE + step * i, HEIGHT - _EDGE - room * share) for i, share in enumerate(heights)]
