"""Small pieces of text drawn the same everywhere: badges, facts, empty states, safe text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import streamlit as st

from components.tables import TONES

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$&=@])")


def plain(text: object) -> str:
    """Text of other people made harmless for Markdown: shown letter by letter, never as formatting or HTML.

    A whole address (e-mail, http) may still become clickable; it shows what it leads to.
    """
    return _MARKDOWN.sub(r"\\\1", str(text)).replace("\n", " ")


def badge(label: str, tone: str) -> str:
    """Markdown of one badge."""
    return f":{TONES.get(tone, tone)}-badge[{plain(label)}]"


def badges(pairs: Iterable[tuple[str, str]]) -> None:
    """A row of badges."""
    st.markdown(" ".join(badge(label, tone) for label, tone in pairs if label))


def facts(rows: Sequence[tuple[str, object]], *, empty: str = "–") -> None:
    """A quiet two-column list of label and value; values are shown letter by letter."""
    if not rows:
        return
    columns = {
        "label": [f":gray[{plain(label)}]" for label, _ in rows],
        "value": [plain(value) if value not in (None, "") else empty for _, value in rows],
    }
    st.table(columns, border="horizontal", hide_header=True, hide_index=True)


def empty_state(icon: str, sentence: str, *, action: str = "") -> None:
    """What a page says when there is nothing to show: an icon, one sentence, and the one next thing to do."""
    with st.container(border=True, horizontal_alignment="center", gap="xsmall"):
        st.space("small")
        st.markdown(f"### :gray[:material/{icon}:]", width="content")
        st.markdown(sentence, width="content")
        if action:
            st.caption(action, width="content")
        st.space("small")
