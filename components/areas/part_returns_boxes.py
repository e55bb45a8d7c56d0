"""Boxes of old parts: what the dealer hands to a carrier, and what we receive by scanning; with what was left out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from components.access import current_actor
from components.areas.part_returns import draw_labels
from components.labels import plain
from components.perform import perform, problems_of, show_outcome
from db.core.labels import plural
from db.core.permissions import Permission
from db.part_returns.bulk_commands import BoxOutcome, receive_box, ship_many
from db.part_returns.queries import ReturnRow
from db.part_returns.rules import money

SHIP, RECEIVE = "pr_ship", "pr_receive"
SHIP_KEYS = {"carrier": "pr_ship_carrier", "tracking": "pr_ship_tracking"}
NUMBERS, SKIPPED = "pr_numbers", "_pr_skipped"
TO_SHIP = ("requested", "missing")
MOST = 20


def _done(result: BoxOutcome) -> None:
    st.session_state[SKIPPED] = [f"{s.number}: {s.why}" for s in result.skipped]


def _words(verb: str, result: BoxOutcome) -> str:
    back = f", {money(result.cents)} charged before taken back" if result.cents else ""
    skipped = f", {len(result.skipped)} left out" if result.skipped else ""
    return f"{plural(len(result.done), 'part')} {verb}{back}{skipped}"


def show_box_outcome() -> None:
    """The toast of the last box, and what was left out of it and why."""
    show_outcome(SHIP)
    show_outcome(RECEIVE)
    left_out = st.session_state.pop(SKIPPED, None)
    if left_out:
        more = f"\n- and {len(left_out) - MOST:,} more" if len(left_out) > MOST else ""
        st.warning(
            "Left out:\n" + "\n".join(f"- {plain(s)}" for s in left_out[:MOST]) + more, icon=":material/rule:"
        )  # fmt: skip


# ---- the dealer's box ------------------------------------------------------------------------------------------------
def draw_ship_bar(picked: Sequence[ReturnRow]) -> None:
    """What can be done with the chosen parts: print their labels, hand them to a carrier in one box."""
    able = [r for r in picked if r.status in TO_SHIP]
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.text_input("Carrier", key=SHIP_KEYS["carrier"], max_chars=60, placeholder="UPS", width=180)
            st.text_input("Tracking number", key=SHIP_KEYS["tracking"], max_chars=60, width=240)
            st.button(
                f"Hand over {plural(len(able), 'part')}", type="primary", icon=":material/local_shipping:",
                key="pr_ship_go", disabled=not able, on_click=_ship, args=([(r.id, r.version) for r in picked],),
            )  # fmt: skip
            if able:
                draw_labels([r.id for r in able], key="pr_ship_labels")
        for field in ("carrier", "tracking", "items"):
            problems_of(SHIP, field)
        if len(able) < len(picked):
            st.caption(f"{plural(len(picked) - len(able), 'part')} of them cannot be sent in now.")


def _ship(items: list[tuple[int, int]]) -> None:
    perform(
        ship_many, form=SHIP, say=lambda r: _words("on the way", r), typed=SHIP_KEYS,
        convert={name: (lambda v: v or "") for name in SHIP_KEYS}, arguments={"items": items}, after=_done,
    )  # fmt: skip


# ---- our box ---------------------------------------------------------------------------------------------------------
def draw_receive() -> None:
    """A button that takes the RMA numbers of a box as they are scanned; drawn for those who receive."""
    if not current_actor().can(Permission.RETURNS_RECEIVE):
        return
    with st.popover("Receive a box", icon=":material/barcode_scanner:", key="pr_receive_menu", type="primary"):
        st.text_area(
            "RMA numbers", key=NUMBERS, height=140, width=320, max_chars=4000,
            placeholder="Scan or type one after the other:\nRMA-000012\n13, 14",
        )  # fmt: skip
        problems_of(RECEIVE, "numbers")
        st.button(
            "Receive", key="pr_receive_go", type="primary", icon=":material/inventory_2:", on_click=_receive
        )  # fmt: skip
        st.caption("Numbers that do not fit are left out and named.")


def _receive() -> None:
    perform(
        receive_box, form=RECEIVE, say=lambda r: _words("received", r), typed={"numbers": NUMBERS},
        convert={"numbers": lambda v: v or ""}, after=_done,
    )  # fmt: skip
