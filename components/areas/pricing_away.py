"""Being away from approvals with a stand-in, and the budgets of exceptions: two quiet buttons of the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from components import tables
from components.access import current_actor
from components.charts.base import table
from components.clock import now, today
from components.forms import cents
from components.labels import plain
from components.perform import forget, perform, problems_of, show_outcome, stray_problems
from db.core.actor import Actor
from db.core.labels import moment_words
from db.core.permissions import Permission
from db.core.session import reading
from db.pricing.away_queries import AwayLine, BudgetLine, list_away, list_budgets, stand_in_choices
from db.pricing.band_rules import money
from db.pricing.commands import add_away, end_away, set_budget

AWAY, BUDGET = "price_away", "price_budget"
SHOWN = ("person_id", "stand_in_id", "starts_at", "until_at", "note")


def draw_away() -> None:
    """A button that opens who is away, and one's own absence with a stand-in."""
    actor = current_actor()
    with st.popover("Away", icon=":material/beach_access:", key="price_away_menu"):
        with reading() as session:
            rows = list_away(session, actor=actor, now=now())
            people = dict(stand_in_choices(session, actor=actor))
        show_outcome(AWAY)
        for row in rows:
            _draw_line(row, zone=actor.zone)
        if not rows:
            st.caption("Nobody is away.")
        _draw_away_form(actor, people)


def _draw_line(row: AwayLine, *, zone: str) -> None:
    at = now()
    instead = f"{row.stand_in} stands in" if row.stand_in else "nobody stands in"
    span = f"{moment_words(row.starts_at, zone, now=at)} to {moment_words(row.until_at, zone, now=at)}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        icon = ":orange[:material/beach_access:]" if row.is_now else ":gray[:material/event:]"
        st.markdown(f"{icon} **{plain(row.person)}**: {plain(instead)}  \n:gray[:small[{plain(span)}]]")
        if row.may_end:
            st.button("End", key=f"price_away_end_{row.id}", type="tertiary", on_click=_end, args=(row,))


def _end(row: AwayLine) -> None:
    perform(
        end_away, form=AWAY, say="The absence was ended", arguments={"away_id": row.id, "seen_version": row.version}
    )


def _draw_away_form(actor: Actor, people: dict[int, str]) -> None:
    st.markdown("**I am away**")
    keys = {name: f"price_aw_{name}" for name in ("first", "last", "stand_in", "note")}
    st.session_state.setdefault(keys["first"], today(actor.zone))
    with st.container(horizontal=True, gap="small"):
        st.date_input("From", key=keys["first"])
        st.date_input("To, included", value=None, key=keys["last"])
    problems_of(AWAY, "starts_at")
    problems_of(AWAY, "until_at")
    st.selectbox(
        "Who signs instead :gray[(optional)]", list(people), format_func=lambda i: people.get(i, "–"), index=None,
        key=keys["stand_in"], placeholder="Nobody: I am skipped",
    )  # fmt: skip
    problems_of(AWAY, "stand_in_id")
    st.text_input("Note :gray[(optional)]", key=keys["note"], max_chars=200)
    stray_problems(AWAY, SHOWN)
    form_key = str(st.session_state.setdefault("price_aw_key", uuid4().hex))

    def begin(day: object, more: int) -> datetime | None:
        if not hasattr(day, "year"):
            return None
        zone = ZoneInfo(actor.zone)
        return datetime.combine(day + timedelta(days=more), time(), tzinfo=zone)  # type: ignore[operator,arg-type]

    def save() -> None:
        perform(
            add_away, form=AWAY, say="The absence was entered", clear=["price_aw_key"],
            typed={
                "note": keys["note"], "stand_in_id": keys["stand_in"], "starts_at": keys["first"],
                "until_at": keys["last"],
            },
            convert={
                "note": lambda v: v or "", "starts_at": lambda day: begin(day, 0),
                "until_at": lambda day: begin(day, 1),
            },
            arguments={"person_id": None, "form_key": form_key},
        )  # fmt: skip

    st.button("Save", key="price_aw_save", type="primary", on_click=save)


def draw_budgets() -> None:
    """A button that opens the budgets of the quarter; who may set them does it here."""
    actor = current_actor()
    with st.popover("Budgets", icon=":material/savings:", key="price_budget_menu"):
        with reading() as session:
            rows = list_budgets(session, actor=actor, now=now())
        if not rows:
            st.caption("There is no region to set a budget for.")
            return
        show_outcome(BUDGET)
        _draw_rows(rows)
        if actor.can(Permission.PRICING_BUDGET):
            _draw_budget_form(rows)


def _draw_rows(rows: Sequence[BudgetLine]) -> None:
    tables.show(
        table(
            {
                "Region": [r.region for r in rows],
                "Left": [_left(r) for r in rows],
            }
        ),
        key="price_budget_table", alt=f"Budgets of exceptions in {rows[0].quarter}", height="content",
        columns={
            "Region": tables.text("Region", width=92),
            "Left": st.column_config.TextColumn("Left of the budget", width=146, alignment="right"),
        },
    )  # fmt: skip


def _left(row: BudgetLine) -> str:
    if row.budget_cents is None or row.left_cents is None:
        return "Not set"
    return f"{money(row.left_cents)} of {money(row.budget_cents)}"


def _draw_budget_form(rows: Sequence[BudgetLine]) -> None:
    by_region = {r.region: r for r in rows}
    region = st.selectbox("Region", list(by_region), key="price_budget_region", on_change=forget, args=(BUDGET,))
    problems_of(BUDGET, "region")
    chosen = by_region[region]
    key = f"price_budget_amount_{chosen.region}"
    st.text_input(f"Budget in {chosen.quarter[:4]} {chosen.quarter[4:]}", key=key, placeholder="250,000")
    problems_of(BUDGET, "budget_cents")
    stray_problems(BUDGET, ("region", "budget_cents"))

    def save() -> None:
        perform(
            set_budget, form=BUDGET, say=f"The budget of {chosen.region} was set", typed={"budget_cents": key},
            convert={"budget_cents": lambda v: cents(v, field="budget_cents", label="The budget")},
            arguments={"region": chosen.region, "quarter": chosen.quarter, "seen_version": chosen.version},
        )  # fmt: skip

    st.button("Set the budget", key="price_budget_save", type="primary", on_click=save)
