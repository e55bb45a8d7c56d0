"""How bounds and earlier exceptions are said, the same in the form and in the drawer."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.labels import plain
from db.pricing.band_rules import Bound


def draw_bounds(bounds: Sequence[Bound], *, level: int) -> None:
    """Every bound in its sentence; the ones that decide the level stand out."""
    lines = []
    for one in bounds:
        if one.stops:
            icon = ":red[:material/block:]"
        elif one.level and one.level == level:
            icon = ":orange[:material/flag:]"
        elif one.level:
            icon = ":blue[:material/arrow_upward:]"
        else:
            icon = ":green[:material/check_circle:]"
        name = f"**{one.label}**" if one.level == level or one.stops else one.label
        lines.append(f"{icon} {name}: {plain(one.sentence)}")
    st.markdown("  \n".join(lines))


def draw_sentences(sentences: Sequence[tuple[str, str]]) -> None:
    """What the requester does not write; a repeated "one-time" exception stands out."""
    lines = [
        f":{tone}[:material/{'history' if tone == 'gray' else 'repeat'}: {plain(sentence)}]"
        for sentence, tone in sentences
    ]
    st.markdown("  \n".join(lines))
