"""The desk's name and picture: in the browser's tab, above the sign-in, at the top of the sidebar."""

from __future__ import annotations

import base64
from functools import lru_cache
from html import escape
from pathlib import Path

from db.core.settings import settings

ASSETS = Path(__file__).parent / "assets"


@lru_cache(maxsize=1)
def favicon() -> str:
    """The picture in the browser's tab, inside the page itself: files need a signed-in browser, this one does not."""
    return "data:image/png;base64," + base64.b64encode((ASSETS / "favicon.png").read_bytes()).decode()


@lru_cache(maxsize=1)
def mark() -> str:
    """The mark alone, as the text of an SVG picture."""
    return (ASSETS / "mark.svg").read_text()


@lru_cache(maxsize=4)
def logo(organisation: str) -> str:
    """The mark with the organisation's name beside it, for the dark sidebar, as the text of an SVG picture."""
    shapes = mark().partition(">")[2].strip().removesuffix("</svg>")
    width = 44 + 10 * len(organisation)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 32" width="{width}" height="32">{shapes}'
        f'<text x="42" y="22" fill="#F1F5FB" font-family="\'Segoe UI\', Helvetica, Arial, sans-serif" '
        f'font-size="17" font-weight="600">{escape(organisation)}</text></svg>'
    )


def browser_title(title: str) -> str:
    """What the browser's tab says."""
    return f"{title} | {settings().organisation}"
