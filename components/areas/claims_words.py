"""Words, tones and small columns every list and drawer of claims uses alike."""

from __future__ import annotations

from typing import Any

import streamlit as st

LEVELS = {
    "E": ("Error", "red"), "X": ("Denies", "red"), "A": ("Needs approval", "orange"), "W": ("Warning", "orange"),
    "R": ("Corrected", "blue"),
}  # fmt: skip
"""Levels of findings as words and tones, the worst first."""


def money(cents: int | None) -> str:
    """An amount of a claim; an en dash when there is none yet."""
    if cents is None:
        return "–"
    return f"{'−' if cents < 0 else ''}{abs(cents) / 100:,.2f}"


def findings_cell(count: int, worst: str) -> str:
    """The findings of a row: the worst of them in a word, and how many more: "Denies +2"."""
    if not worst:
        return ""
    return LEVELS[worst][0] if count == 1 else f"{LEVELS[worst][0]} +{count - 1}"


def right(label: str, width: int) -> Any:
    """A right-aligned text column for amounts."""
    return st.column_config.TextColumn(label, width=width, alignment="right")
