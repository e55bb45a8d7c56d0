"""What stands around every page: name and picture of the desk, search, who is signed in, signing out."""

from __future__ import annotations

import base64
import importlib
import importlib.util
from functools import lru_cache
from html import escape
from pathlib import Path

import streamlit as st

from components import auth
from components.labels import plain
from db.core.session import reading
from db.core.settings import settings
from db.people.notifications import count_unread as count_unread_of
from db.people.sessions import Account

ASSETS = Path(__file__).parent / "assets"


@lru_cache(maxsize=1)
def favicon() -> str:
    """The picture in the browser's tab, inside the page itself: files need a signed-in browser, this one does not."""
    return "data:image/png;base64," + base64.b64encode((ASSETS / "favicon.png").read_bytes()).decode()


@lru_cache(maxsize=4)
def logo(organisation: str) -> str:
    """The mark with the organisation's name beside it, for the dark sidebar, as the text of an SVG picture."""
    mark = (ASSETS / "mark.svg").read_text().partition(">")[2].removesuffix("</svg>\n")
    width = 44 + 10 * len(organisation)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 32" width="{width}" height="32">{mark}'
        f'<text x="42" y="22" fill="#F1F5FB" font-family="Source Sans, Source Sans 3, Segoe UI, Helvetica, Arial, '
        f'sans-serif" font-size="18" font-weight="600">{escape(organisation)}</text></svg>'
    )


def browser_title(title: str) -> str:
    """What the browser's tab says."""
    return f"{title} | {settings().organisation}"


def count_unread(account: Account) -> int:
    """How many notifications the person has not read."""
    with reading() as session:
        return count_unread_of(session, person_id=account.person_id)


def draw(account: Account) -> None:
    """Draw the sidebar below the list of pages."""
    actor = account.actor
    st.logo(logo(settings().organisation), size="large", icon_image=str(ASSETS / "mark.svg"))
    with st.sidebar:
        _draw_search()
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{plain(actor.name)}**")
            st.caption(f"{actor.role.label}, {plain(actor.scope.describe())}")
            st.button(
                "Sign out", icon=":material/logout:", type="tertiary", key="sign_out", on_click=auth.sign_out,
                help="Ends the sign-in of this browser, in every tab",
            )  # fmt: skip


def _draw_search() -> None:
    """The search box of the desk, which finds records of every area."""
    if importlib.util.find_spec("components.search_box") is not None:
        importlib.import_module("components.search_box").draw()
