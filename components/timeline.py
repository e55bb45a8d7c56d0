"""Draws what happened to a record, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from components.labels import empty_state, plain
from db.core.labels import moment_label


def draw_timeline(entries: Sequence[Any], *, zone: str, now: datetime, limit: int = 30) -> None:
    """Draw entries that have `at`, `title`, `by` and optionally `icon`, `note`, `badges` (pairs of text and tone)."""
    if not entries:
        empty_state("history", "Nothing has happened yet.")
        return
    lines = []
    for entry in entries[:limit]:
        icon = getattr(entry, "icon", "") or ":material/circle:"
        marks = " ".join(f":{tone}-badge[{plain(text)}]" for text, tone in getattr(entry, "badges", ()))
        when = " · ".join(part for part in (moment_label(entry.at, zone, now=now), entry.by) if part)
        head = f":gray[{icon}] **{plain(entry.title)}** {marks} :gray[:small[{plain(when)}]]"
        note = getattr(entry, "note", "")
        lines.append(head + (f"  \n{plain(note)}" if note else ""))
    st.markdown("\n\n".join(lines))
    if len(entries) > limit:
        st.caption(f"{len(entries) - limit} earlier entries")
