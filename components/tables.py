"""Column builders for queues and lists, so that a status, a due time or a share looks the same on every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
import streamlit as st

from db.workflow.spec import Flow

# Theme colours of Streamlit's pills by the tone a state declares.
TONES = {
    "neutral": "gray", "gray": "gray", "blue": "blue", "green": "green", "orange": "orange", "red": "red",
    "violet": "violet",
}  # fmt: skip
SLA_TONES = {
    "On track": "green", "Due soon": "orange", "Overdue": "red", "In time": "green", "Late": "red", "Paused": "gray",
    "No promise": "gray",
}  # fmt: skip


def pill(label: str, tones: Mapping[str, str], *, width: Any = None, help: str | None = None) -> Any:
    """A column whose cell is a list of one word, drawn as a coloured pill; `tones` maps words to tones."""
    return st.column_config.MultiselectColumn(
        label, options=list(tones), color=[TONES.get(t, t) for t in tones.values()], width=width, help=help
    )


def status(flow: Flow, label: str = "Status", *, width: Any = None) -> Any:
    """The status of a queue's records; the cell is a list holding the state's label."""
    return pill(label, {s.label: s.tone for s in flow.states}, width=width)


def sla(label: str = "Time used", *, help: str | None = None) -> Any:
    """Share of the promised time that is used, 0-100 and more; green to red."""
    return st.column_config.ProgressColumn(
        label, min_value=0, max_value=100, format="%d%%", color="auto-inverse", help=help, width="small"
    )


def text(label: str, *, width: Any = None, help: str | None = None, pinned: bool | None = None) -> Any:
    """Plain text."""
    return st.column_config.TextColumn(label, width=width, help=help, pinned=pinned)


def number(label: str, *, width: Any = None, format: str = "localized", help: str | None = None) -> Any:
    """A right-aligned number."""
    return st.column_config.NumberColumn(label, width=width, format=format, help=help)


def moment(label: str, zone: str, *, format: str = "D MMM, HH:mm", width: Any = None, help: str | None = None) -> Any:
    """A moment in the viewer's zone; `format="distance"` shows it relative to now."""
    return st.column_config.DatetimeColumn(label, timezone=zone, format=format, width=width, help=help)


def opener(label: str, *, key: str, on_open: Callable[[int], None], width: Any = "small") -> Any:
    """A record's number as a quiet button; `on_open` gets the position of the clicked row in the rendered frame."""

    def clicked() -> None:
        click = st.session_state.get(key)
        if click is not None:
            on_open(int(click["row"]))

    return st.column_config.ButtonColumn(
        label, key=key, on_click=clicked, type="tertiary", width=width, alignment="left", pinned=True
    )


def only(data: Any, names: Sequence[str]) -> Any:
    """An Arrow table without the columns that are not named; anything else as it is."""
    if isinstance(data, pa.Table):
        return data.select([name for name in names if name in data.column_names])
    return data


def show(
    data: Any,
    *,
    key: str,
    columns: Mapping[str, Any],
    alt: str,
    select: Literal["none", "one", "many"] = "none",
    height: Any = "auto",
    order: Sequence[str] | None = None,
) -> list[int]:
    """Draw a table of the columns named in `columns`, in their order; gives back the positions of the chosen rows.

    A column that is not shown is not sent either (reliability.md R27): what a browser was given can be read there.
    """
    config = {name: column for name, column in columns.items() if column is not None}
    shown = list(order or config)
    data = only(data, shown)
    common: dict[str, Any] = {
        "hide_index": True, "column_config": config, "column_order": shown, "key": key, "alt": alt, "height": height,
    }  # fmt: skip
    if select == "none":
        st.dataframe(data, **common)
        return []
    event: Any = st.dataframe(
        data, on_select="rerun", selection_mode="multi-row" if select == "many" else "single-row", **common
    )
    return list(event["selection"]["rows"])
