"""What the page of campaigns draws: the table, goals as bullets, cost by medium, the drawer of one, its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

import streamlit as st

from components import tables
from components.access import current_actor
from components.areas.coop_campaign_form import ASK, DONE, draw_close, draw_form
from components.charts import coop as charts
from components.charts.base import draw, table
from components.clock import now
from components.labels import badges, empty_state, facts, plain
from components.navigation import may_open
from components.perform import forget, show_outcome
from components.queue_page import id_at, remember_rows
from db.coop.campaign_queries import CampaignPage, CampaignRow, MediumLine, get_campaign
from db.coop.campaign_rules import GOALS, STATES
from db.coop.model import MEDIA
from db.coop.say_rules import day, money
from db.core.actor import Actor
from db.core.labels import moment_label, moment_words, plural
from db.core.problems import NotFound
from db.core.session import reading

OPEN, NEW, KEY, LEAD_TO = "campaign_open", "campaign_new", "cmp_rows", "_campaign_lead"
LEAD, REQUESTS = "pages/leads/lead.py", "pages/coop/coop_requests.py"
DASH = "–"


def words(cents: int | None) -> str:
    """An amount, or a dash where there is none."""
    return DASH if cents is None else money(cents)


def open_campaign(campaign_id: int | None) -> None:
    """Open the drawer of a campaign (from a callback or a link)."""
    if campaign_id is not None:
        forget(DONE)
        forget(ASK)
        st.session_state[OPEN] = campaign_id


def draw_rows(rows: Sequence[CampaignRow]) -> None:
    """Campaigns as a table; a click on the code opens one."""
    remember_rows(KEY, [r.id for r in rows])
    right = st.column_config.TextColumn
    tables.show(
        table(
            {
                "Code": [r.code for r in rows], "State": [[r.state_label] for r in rows],
                "Name": [r.name for r in rows], "Dealer": [r.dealer for r in rows],
                "Medium": [MEDIA[r.medium] for r in rows],
                "Days": [f"{day(r.starts_on)} to {day(r.ends_on)}" for r in rows],
                "Goal": [f"{r.reached:,} of {r.goal:,} {GOALS[r.goal_kind].lower()}" for r in rows],
                "Leads": [r.facts.leads for r in rows], "Sales": [r.facts.sales for r in rows],
                "Cost": [words(r.facts.cost or None) for r in rows],
                "Per lead": [words(r.facts.per_lead) for r in rows],
                "Per sale": [words(r.facts.per_sale) for r in rows],
                "Approved": [words(r.facts.approved or None) for r in rows],
                "Paid": [words(r.facts.paid or None) for r in rows],
            }
        ),
        key="cmp_table", alt="Campaigns, last begun first", height=560 if len(rows) > 16 else "content",
        columns={
            "Code": tables.opener(
                "Code", key="cmp_click", on_open=lambda at: open_campaign(id_at(KEY, at)), width=132
            ),
            "State": tables.pill("State", dict(STATES.values()), width=78),
            "Name": tables.text("Name", width=150), "Dealer": tables.text("Dealer", width=126),
            "Goal": right("Goal", width=98, alignment="right"),
            "Leads": tables.number("Leads", width=52), "Sales": tables.number("Sales", width=50),
            "Cost": right("Cost", width=72, alignment="right"),
            "Per lead": right("Per lead", width=72, alignment="right"),
            "Per sale": right("Per sale", width=74, alignment="right"),
            "Approved": right("Approved", width=76, alignment="right"),
            "Paid": right("Paid", width=72, alignment="right"),
            "Medium": tables.text("Medium", width=92), "Days": tables.text("Days", width=190),
        },
    )  # fmt: skip


def pace_of(row: CampaignRow) -> str:
    """Whether the goal is reached, on its straight line, or behind it."""
    return "Reached" if row.reached >= row.goal else "On the way" if row.reached >= row.expected else "Behind"


def draw_goals(rows: Sequence[CampaignRow]) -> None:
    """Goals as bullet bars, with the straight line of today."""
    shown = rows[:8]
    draw(
        charts.goals(),
        table(
            {
                "campaign": [f"{r.code} · {r.dealer_code}" for r in shown], "order": list(range(len(shown))),
                "whole": [1.0 for _ in shown], "reached": [min(1.0, r.reached / r.goal) for r in shown],
                "expected": [min(1.0, r.expected / r.goal) for r in shown], "pace": [pace_of(r) for r in shown],
                "words": ["" for _ in shown],
                "label": [
                    f"{r.reached:,} of {r.goal:,} {GOALS[r.goal_kind].lower()}; {r.expected:,} by today on the line"
                    for r in shown
                ],
            }
        ),
        alt_text="; ".join(f"{r.code}: {r.reached} of {r.goal} {GOALS[r.goal_kind].lower()}" for r in shown),
    )  # fmt: skip


def draw_media(lines: Sequence[MediumLine]) -> None:
    """What campaigns cost and brought, by medium. Costs of each leave out campaigns that cost nothing yet."""
    right = st.column_config.TextColumn
    tables.show(
        table(
            {
                "Medium": [MEDIA[x.medium] for x in lines], "Campaigns": [x.campaigns for x in lines],
                "Leads": [x.facts.leads for x in lines], "Sales": [x.facts.sales for x in lines],
                "Cost": [words(x.facts.cost or None) for x in lines],
                "Per lead": [words(x.costed.per_lead) for x in lines],
                "Per sale": [words(x.costed.per_sale) for x in lines],
            }
        ),
        key="cmp_media", alt="Campaigns by medium, dearest first",
        columns={
            "Medium": tables.text("Medium", width=100), "Campaigns": tables.number("Campaigns", width=78),
            "Leads": tables.number("Leads", width=52), "Sales": tables.number("Sales", width=50),
            "Cost": right("Cost", width=72, alignment="right"),
            "Per lead": right("Per lead", width=76, alignment="right"),
            "Per sale": right("Per sale", width=76, alignment="right"),
        },
    )  # fmt: skip


# ---- the drawer ------------------------------------------------------------------------------------------------------
def draw_drawer(dealers: Mapping[int, str]) -> None:
    """Draw the form of a new campaign or the drawer of one, whichever is open; call it once, at the end of the page."""
    show_outcome(DONE)
    actor = current_actor()
    if st.session_state.get(NEW):
        st.dialog("New campaign", width=560, position="right", on_dismiss=_close)(
            lambda: draw_form(actor, dealers, None, after=_close)
        )()
    elif (campaign_id := st.session_state.get(OPEN)) is not None:
        try:
            with reading() as session:
                page = get_campaign(session, campaign_id=campaign_id, actor=actor, now=now())
        except NotFound as gone:
            _close()
            st.error(gone.problems[0].message)
            return
        title = f"{page.row.code} · {page.row.name}"
        st.dialog(plain(title), width=640, position="right", on_dismiss=_close)(lambda: _body(campaign_id, dealers))()
    if (lead := st.session_state.pop(LEAD_TO, None)) is not None:
        st.switch_page(LEAD, query_params={"lead": str(lead)})


def open_new() -> None:
    """Open the form of a new campaign (from a callback)."""
    forget(ASK)
    st.session_state["campaign_form_key"] = uuid4().hex
    st.session_state[NEW] = True


def _close() -> None:
    for key in (OPEN, NEW):
        st.session_state.pop(key, None)
    forget(ASK)


def _body(campaign_id: int, dealers: Mapping[int, str]) -> None:
    actor = current_actor()
    if st.session_state.get(OPEN) != campaign_id:
        st.rerun()
    with reading() as session:
        page = get_campaign(session, campaign_id=campaign_id, actor=actor, now=now())
    row, found = page.row, page.row.facts
    badges([(row.state_label, STATES[row.state][1]), (MEDIA[row.medium], "gray"), (pace_of(row), "blue")])
    draw_goals([row])
    facts(
        [
            ("Dealer", f"{row.dealer} ({row.dealer_code})"), ("Days", f"{day(row.starts_on)} to {day(row.ends_on)}"),
            ("Leads and sales", f"{plural(found.leads, 'lead')}, {plural(found.sales, 'sale')}"),
            ("Cost", f"{money(found.cost)} ({money(found.planned)} planned)"),
            ("Cost per lead", words(found.per_lead)), ("Cost per sale", words(found.per_sale)),
            (
                "Of the fund",
                f"{money(found.reserved)} reserved, {money(found.approved)} approved, {money(found.paid)} paid",
            ),
            ("Note", row.note), ("Learned", row.learned),
        ]
    )  # fmt: skip
    _draw_requests(page)
    _draw_leads(page, actor)
    if page.may_change:
        if row.is_open:
            with st.expander("Change", icon=":material/edit:"):
                draw_form(actor, dealers, row, after=_close, linked=[r.id for r in page.requests])
        draw_close(row, after=_close)
    st.caption(
        f"A lead counts when its source is {row.code}, from {day(row.starts_on)} to {day(row.counts_until)}. "
        f"Changed by {plain(row.updated_by)}, {moment_words(row.updated_at, actor.zone, now=now())}."
    )


def _draw_requests(page: CampaignPage) -> None:
    st.markdown("**Paid with**")
    if not page.requests:
        st.caption("No request pays for it yet: without one it costs nothing here.")
        return
    links = may_open(current_actor(), REQUESTS)
    for r in page.requests:
        said = f"{money(r.cost_cents)} planned, {money(r.approved_cents)} approved, {money(r.paid_cents)} paid"
        st.markdown(f"{r.number} · {r.status} · {plain(r.activity)}  \n:gray[{plain(said)}]")
        if links:
            st.page_link(
                REQUESTS, label=f"Open {r.number}", icon=":material/arrow_forward:", query_params={"request": str(r.id)}
            )


def _draw_leads(page: CampaignPage, actor: Actor) -> None:
    if not page.sees_leads:
        return
    st.markdown("**Leads that name it**")
    if not page.leads:
        empty_state(
            "person_search",
            f"No lead has the source {page.row.code} yet.",
            action="Give the code to who takes leads in.",
        )
        return
    ids = [x.id for x in page.leads]

    def opened(position: int) -> None:
        if 0 <= position < len(ids):
            st.session_state[LEAD_TO] = ids[position]

    tables.show(
        table(
            {
                "Lead": [x.number for x in page.leads], "Customer": [x.customer for x in page.leads],
                "Wants": [x.wants for x in page.leads], "Status": [x.status for x in page.leads],
                "Came": [moment_label(x.received_at, actor.zone, now=now()) for x in page.leads],
                "Sold": [
                    moment_label(x.sold_at, actor.zone, now=now()) if x.sold_at and x.counts else DASH
                    for x in page.leads
                ],
            }
        ),
        key="cmp_leads", alt="Leads of the campaign, newest first", height=260 if len(ids) > 6 else "content",
        columns={
            "Lead": tables.opener("Lead", key="cmp_lead_click", on_open=opened, width=96),
            "Customer": tables.text("Customer", width=120), "Wants": tables.text("Wants", width=120),
            "Status": tables.text("Status", width=100), "Came": tables.text("Came", width=110),
            "Sold": tables.text("Sold", width=110),
        },
    )  # fmt: skip
