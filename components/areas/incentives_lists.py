"""Lists of incentives: sales and claims, each opened with a click on its number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from components import tables
from components.areas.incentives import SCREEN
from components.charts.base import table
from components.queue_page import id_at, open_drawer
from db.incentives.flow import FLOW
from db.incentives.say_rules import day, money
from db.incentives.validation_queries import ClaimRow, SaleRow

SALES = {"Delivered": "green", "Contracted": "gray", "Unwound": "red"}


def _remember(key: str, ids: Sequence[int]) -> None:
    st.session_state[f"{key}_ids"] = list(ids)


def right(label: str) -> Any:
    """A column of amounts as text."""
    return st.column_config.TextColumn(label, width=84, alignment="right")


def draw_claims(rows: Sequence[ClaimRow], *, key: str, whole: bool) -> None:
    """Claims as a table; a click opens the drawer with its checks and steps. `whole` adds dealer and vehicle."""
    _remember(key, [r.id for r in rows])

    def opened(position: int) -> None:
        claim_id = id_at(key, position)
        if claim_id is not None:
            open_drawer(SCREEN, claim_id)

    columns: dict[str, Any] = {
        "Claim": tables.opener("Claim", key=f"{key}_click", on_open=opened, width=96),
        "Status": tables.status(FLOW, width=112), "Program": tables.text("Program", width=112),
        "Claimed": right("Claimed"), "Approved": right("Approved") if whole else None,
        "Dealer": tables.text("Dealer", width=160) if whole else None,
        "For": tables.text("For", width=170) if whole else None,
    }  # fmt: skip
    tables.show(
        table(
            {
                "Claim": [r.number for r in rows], "Status": [[r.state] for r in rows],
                "Program": [r.program for r in rows], "Claimed": [money(r.claimed_cents or 0) for r in rows],
                "Approved": ["–" if r.approved_cents is None else money(r.approved_cents) for r in rows],
                "Dealer": [r.dealer for r in rows], "For": [r.vin or f"Period {r.period}" for r in rows],
            }
        ),
        key=f"{key}_table", columns=columns, alt="Incentive claims", height=560 if len(rows) > 16 else "content",
    )  # fmt: skip


def draw_sales(rows: Sequence[SaleRow], *, key: str, on_open: Callable[[int], None]) -> None:
    """Sales as a table, newest first; `on_open` gets the id of the one that was clicked."""
    _remember(key, [r.id for r in rows])

    def opened(position: int) -> None:
        sale_id = id_at(key, position)
        if sale_id is not None:
            on_open(sale_id)

    states = ["Unwound" if r.unwound_on else "Delivered" if r.delivered_on else "Contracted" for r in rows]
    tables.show(
        table(
            {
                "Sale": [r.number for r in rows], "State": [[s] for s in states], "Vehicle": [r.what for r in rows],
                "VIN": [r.vin for r in rows], "Type": [r.sale_type for r in rows],
                "Delivered": [day(r.delivered_on) for r in rows], "Dealer": [r.dealer for r in rows],
            }
        ),
        key=f"{key}_table", alt="Sales, newest first", height=560 if len(rows) > 16 else "content",
        columns={
            "Sale": tables.opener("Sale", key=f"{key}_click", on_open=opened, width=96),
            "State": tables.pill("State", SALES, width=110), "Vehicle": tables.text("Vehicle", width=200),
            "VIN": tables.text("VIN", width=170), "Type": tables.text("Type", width=120),
            "Delivered": tables.text("Delivered", width=110), "Dealer": tables.text("Dealer", width=170),
        },
    )  # fmt: skip
