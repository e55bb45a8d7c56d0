"""The list of pages a person sees, made of the table of all (components/page_table.py)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.labels import badge
from components.menu import Listed
from components.page_table import NOTIFICATIONS, PAGES, ROOT, PageEntry
from db.core.actor import Actor
from db.core.labels import count_label

__all__ = ["NOTIFICATIONS", "PAGES", "PageEntry", "build", "is_listed", "may_open", "page_of"]


def is_listed(entry: PageEntry, actor: Actor | None) -> bool:
    """Whether a page stands in the list of pages for this person."""
    return actor is not None and actor.can(entry.permission) and not entry.hidden


def page_of(entry: PageEntry, title: str, is_default: bool, is_visible: bool) -> Any:
    """What Streamlit makes of an entry, which looks at the disk: made once; the page of a run is a copy (menu.py).

    Outside of a run Streamlit makes a page without an address: that one is not kept.
    """
    make = _page_of if get_script_run_ctx() is not None else _page_of.__wrapped__
    return make(entry, title, is_default, is_visible)


@lru_cache(maxsize=1_000)
def _page_of(entry: PageEntry, title: str, is_default: bool, is_visible: bool) -> Any:
    return st.Page(
        ROOT / entry.file, title=title, icon=f":material/{entry.icon}:", url_path=entry.url_path,
        default=is_default, visibility="visible" if is_visible else "hidden", help=entry.help,
    )  # fmt: skip


def build(actor: Actor | None, *, unread: int = 0) -> tuple[Listed, Mapping[str, PageEntry]]:
    """The pages for `st.navigation`, by section, and the entry of each by its address: kept for all who see the same.

    Every page is registered for everybody: a deep link must survive the sign-in, and Streamlit must know that this
    app navigates by itself before anybody is let in (streamlit.md 0.1). What the role may not see is not listed.
    """
    listed = tuple(is_listed(entry, actor) for entry in PAGES)
    make = _built if get_script_run_ctx() is not None else _built.__wrapped__
    return make(listed, count_label(unread, cap=99) if unread else "")


@lru_cache(maxsize=100)
def _built(listed: tuple[bool, ...], unread: str) -> tuple[Listed, Mapping[str, PageEntry]]:
    sections: dict[str, list[Any]] = {}
    entries: dict[str, PageEntry] = {}
    present = [(entry, is_visible) for entry, is_visible in zip(PAGES, listed, strict=True) if entry.exists]
    has_default = any(entry.default for entry, _ in present)
    for position, (entry, is_visible) in enumerate(present):
        is_default = entry.default or (not has_default and position == 0)
        title = entry.title
        if entry.file == NOTIFICATIONS and unread:
            title += " " + badge(unread, "red")
        page = page_of(entry, title, is_default, is_visible)
        sections.setdefault(entry.section, []).append(page)
        entries[page.url_path] = entry
    return Listed(sections), entries


def may_open(actor: Actor, file: str) -> bool:
    """Whether a link to this page leads this actor anywhere: the page is there and their role may see it."""
    return any(entry.file == file and entry.exists and actor.can(entry.permission) for entry in PAGES)
