"""Two customers that may be one: the suggestion with its reasons, both side by side, the decision, and its undo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from components.access import current_actor
from components.clock import now
from components.labels import badge, plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from components.popup import close, popup
from db.core.labels import moment_label, plural
from db.core.permissions import Permission
from db.core.problems import NotFound
from db.core.session import reading
from db.customers.customer_queries import CustomerPage, get_customer
from db.customers.duplicate_queries import Pair, compare
from db.customers.merge_commands import keep_apart, merge_customers, undo_merge
from db.customers.vehicle_queries import vehicles_of
from db.leads.customer_queries import leads_of_customer

OPEN, FORM, UNDO = "_crm_pair", "crm_pair", "crm_unmerge"
TONES = {"Likely": "red", "Possible": "orange", "Unlikely": "gray"}
ROWS = (
    ("Name", "name"), ("First name", "first_name"), ("Last name", "last_name"), ("Street", "street"), ("City", "city"),
    ("State", "state"), ("Postal code", "postal_code"),
)  # fmt: skip


def open_pair(one_id: int, other_id: int) -> None:
    """Open the drawer on two customers (call it from a callback)."""
    forget(FORM)
    for key in ("crm_pair_keep", "crm_pair_reason"):
        st.session_state.pop(key, None)
    st.session_state[OPEN] = (one_id, other_id)


def _close(_result: object = None) -> None:
    st.session_state.pop(OPEN, None)


def draw_suggestions(pairs: Sequence[Pair], customer_id: int) -> None:
    """Who else this customer may be, each with its reasons."""
    if not pairs:
        return
    with st.container(border=True):
        st.markdown("**May be the same person**")
        for pair in pairs[:6]:
            other = pair.right if pair.left.customer_id == customer_id else pair.left
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                mark = badge(f"{pair.likeness.word} {pair.likeness.score}", TONES[pair.likeness.word])
                st.markdown(
                    f"**{plain(other.name)}** {mark}  \n:gray[:small[{plain(pair.likeness.sentence)}]]", width="stretch"
                )
                st.button(
                    "Compare", key=f"crm_pair_{other.customer_id}", icon=":material/compare_arrows:", type="tertiary",
                    on_click=open_pair, args=(customer_id, other.customer_id),
                )  # fmt: skip


def draw_pair_drawer(actor: Any) -> None:
    """Draw the drawer when two are open; call it once a page."""
    found = st.session_state.get(OPEN)
    if found is None:
        show_outcome(FORM)
        return
    st.dialog("One customer or two?", width=640, position="right", on_dismiss=_dismissed)(_body)(*found)


def _dismissed() -> None:
    _close()
    forget(FORM)


def _body(one_id: int, other_id: int) -> None:
    if st.session_state.get(OPEN) is None:
        st.rerun()
    actor = current_actor()
    try:
        with reading() as session:
            sides = [get_customer(session, customer_id=i, actor=actor, now=now()) for i in (one_id, other_id)]
            how = compare(session, one_id=one_id, other_id=other_id, actor=actor)
            hang = [
                f"{plural(len(leads_of_customer(session, customer_id=i, actor=actor)), 'lead')}, "
                f"{plural(len(vehicles_of(session, customer_id=i, actor=actor)), 'vehicle')}"
                for i in (one_id, other_id)
            ]
    except NotFound as gone:
        st.error(gone.problems[0].message)
        return
    st.markdown(f"{badge(f'{how.word} {how.score}', TONES[how.word])} of 100")
    st.caption("  \n".join(f"{points:+d} {plain(reason)}" for reason, points in how.reasons) or "Nothing in common.")
    _draw_sides(sides, hang)
    if actor.can(Permission.CUSTOMERS_MERGE) and all(s.merged_into is None for s in sides):
        _draw_decision(sides)
    else:
        st.caption("Your role may look, but not merge.")


def _draw_sides(sides: Sequence[CustomerPage], hang: Sequence[str]) -> None:
    def ways(side: CustomerPage) -> str:
        return ", ".join(way.shown for way in side.contacts) or "–"

    one, other = sides
    table = {
        "": [label for label, _ in ROWS] + ["Reach at", "Hangs on it"],
        one.number: [plain(one.facts[f] or "–") for _, f in ROWS] + [plain(ways(one)), hang[0]],
        other.number: [plain(other.facts[f] or "–") for _, f in ROWS] + [plain(ways(other)), hang[1]],
    }
    st.table(table, border="horizontal", hide_index=True)


def _draw_decision(sides: Sequence[CustomerPage]) -> None:
    by_id = {side.id: side for side in sides}
    show_outcome(FORM)
    with st.container(border=True):
        st.radio(
            "Which record stays?", list(by_id), key="crm_pair_keep", horizontal=True,
            format_func=lambda i: f"{by_id[i].number} {plain(by_id[i].name)}",
        )  # fmt: skip
        st.caption("It gets everything of the other one; only its blanks are filled. A merge can be taken back.")
        st.text_input("Reason", key="crm_pair_reason", max_chars=200, placeholder="Same person, new phone number")
        problems_of(FORM, "reason")
        stray_problems(FORM, ["reason"])

        def chosen() -> tuple[CustomerPage, CustomerPage]:
            keep = st.session_state["crm_pair_keep"]
            return by_id[keep], next(side for side in sides if side.id != keep)

        def merge() -> None:
            kept, gone = chosen()
            perform(
                merge_customers, form=FORM, say=f"{gone.number} was merged into {kept.number}",
                typed={"reason": "crm_pair_reason"}, convert={"reason": lambda v: v or ""}, after=_close,
                arguments={"keep_id": kept.id, "gone_id": gone.id, "seen_versions": (kept.version, gone.version)},
            )  # fmt: skip

        def apart() -> None:
            kept, gone = chosen()
            perform(
                keep_apart, form=FORM, say="They stay two customers", after=_close,
                arguments={
                    "customer_id": kept.id, "other_id": gone.id,
                    "reason": st.session_state.get("crm_pair_reason") or "",
                },
            )  # fmt: skip

        with st.container(horizontal=True, gap="small"):
            st.button("Merge", key="crm_pair_merge", type="primary", icon=":material/merge:", on_click=merge)
            st.button("Two people", key="crm_pair_apart", icon=":material/call_split:", on_click=apart)


def draw_merges(customer: CustomerPage, *, zone: str, at: datetime, may_merge: bool) -> None:
    """What was merged into this record, with the way back."""
    show_outcome(UNDO)
    if not customer.merges:
        return
    with st.container(border=True):
        st.markdown("**Merged into this record**")
        for one in customer.merges:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                when = moment_label(one.merged_at, zone, now=at)
                st.markdown(
                    f"**{one.number}** :gray[:small[{plain(when)} · {plain(one.merged_by)} · {plain(one.reason)}]]",
                    width="stretch",
                )
                if may_merge:
                    _draw_undo(one.merge_id)


def _draw_undo(merge_id: int) -> None:
    prefix = f"crm_unmerge_{merge_id}"
    with popup("Take back", key=f"{prefix}_popup", icon=":material/undo:", kind="tertiary"):
        st.text_input("Reason", key=f"{prefix}_reason", max_chars=200)
        problems_of(UNDO, "reason")

        def undo() -> None:
            perform(
                undo_merge, form=UNDO, say="They are two customers again", typed={"reason": f"{prefix}_reason"},
                convert={"reason": lambda v: v or ""}, arguments={"merge_id": merge_id},
                after=lambda _r: close(f"{prefix}_popup"),
            )  # fmt: skip

        st.button("Take the merge back", key=f"{prefix}_go", type="primary", on_click=undo)
