"""Pieces of screen that the board and the lead page share: the drawer, a lead's facts, its clock and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from components import labels
from components.access import current_actor
from components.areas.interactions_send import draw_write
from components.charts.base import table
from components.clock import now
from components.forms import Choices
from components.labels import plain
from components.queue_page import Screen
from components.tables import SLA_TONES, show, text
from components.timeline import draw_timeline
from db.appointments.commands import book_for_lead, check_in_lead
from db.appointments.queries import appointments_of_lead
from db.appointments.rules import KINDS
from db.core.labels import minutes_label, moment_label, moment_words, relative_label
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import dealer_choices
from db.leads.commands import COMMANDS
from db.leads.flow import CONTACT_ICONS, FLOW, LOST_REASONS, OUTCOMES
from db.leads.queries import ClockLine, Event, LeadPage, get_clock, get_lead, people_of_dealer
from db.workflow.spec import Step

HEAT = {"hot": ("Hot", "red"), "warm": ("Warm", "orange"), "cold": ("Cold", "blue")}
CHANNELS = {"file": "File", "page": "Upload", "http": "Web service", "mail": "Mail", "manual": "Entered by hand"}
RULES = {
    "preferred_dealer": "The dealer the customer named", "brand": "Make and standing", "territory": "Territory",
    "distance": "Distance", "nearest": "Distance", "capacity": "Capacity", "performance": "Answering in time",
    "fairness": "Turn order", "status": "Standing",
}  # fmt: skip
ICONS = CONTACT_ICONS | {
    "assign": ":material/person_add:", "bulk_assign": ":material/person_add:", "handle_breach": ":material/alarm:",
}  # fmt: skip


def heat(temperature: str, score: int) -> tuple[str, str]:
    """Badge of a lead's score."""
    word, tone = HEAT[temperature]
    return f"{word} {score}", tone


def draw_badges(lead: LeadPage) -> None:
    """Status, promise, score and source in one row."""
    pairs = [(lead.status_label, lead.tone)]
    pending = [p for p in lead.clock.promises if p.met_at is None and p.name == "first_action"]
    if lead.is_open and pending:
        pairs.append((pending[0].state.label, SLA_TONES[pending[0].state.label]))
    pairs.append(heat(lead.temperature, lead.score))
    pairs.append((lead.source, "gray"))
    if lead.touches > 1:
        pairs.append((f"Asked {lead.touches} times", "violet"))
    if lead.shopped_by > 1:
        pairs.append((f"Shopped by {lead.shopped_by} dealers", "violet"))
    labels.badges(pairs)


def draw_summary(lead: LeadPage) -> None:
    """What somebody needs who is about to answer: who, how to reach them, what they want, what they asked."""
    actor, at = current_actor(), now()
    draw_badges(lead)
    ways = " · ".join(c.shown + (" (preferred)" if c.is_preferred else "") for c in lead.contacts[:4])
    wanted, trade = lead.wanted, lead.trade_in
    received = moment_label(lead.received_at, actor.zone, now=at)
    labels.facts(
        [
            ("Customer", lead.customer_name),
            ("Reach at", ways or "Nobody to contact"),
            ("Wants", " · ".join(p for p in (wanted.title, wanted.vin or wanted.stock) if p) if wanted else "Not said"),
            *([("Trade-in", trade.title)] if trade else []),
            ("Dealer", f"{lead.dealer_name} ({lead.dealer_code})" if lead.dealer_id else "No dealer yet"),
            *([("Person", lead.assignee_name)] if lead.assignee_name else []),
            ("Due", due_words(lead)),
            ("Received", f"{relative_label(lead.received_at, at)} · {received}"),
        ]
    )  # fmt: skip
    if lead.question:
        st.info(plain(lead.question), icon=":material/help:")


def due_words(lead: LeadPage) -> str:
    """The next promise in words, or how the first one ended."""
    at, actor = now(), current_actor()
    if lead.due_at is not None and lead.is_open:
        words = f"{relative_label(lead.due_at, at)} · {moment_words(lead.due_at, actor.zone, now=at)}"
        return f"{words} · {lead.next_step}" if lead.next_step else words
    return lead.next_step or "Nothing is due"


def clock_words(clock: ClockLine) -> str:
    """How the first promise stands, for the toast and the lead's head."""
    first = next((p for p in clock.promises if p.name == "first_action"), None)
    if first is None:
        return "no clock runs"
    if first.met_at is None:
        share = f"{minutes_label(first.used_minutes)} of {minutes_label(first.target_minutes)}"
        return f"{first.state.label.lower()}, {share} used"
    return f"answered {first.state.label.lower()}, after {minutes_label(first.used_minutes)} of working time"


def draw_clock(lead: LeadPage) -> None:
    """Why each deadline is when it is: the counted stretches, in the dealer's time (U4)."""
    for promise in lead.clock.promises:
        tone = SLA_TONES.get(promise.state.label, "gray")
        st.markdown(
            f"**{promise.label}** {labels.badge(promise.state.label, tone)} "
            f"{plain(minutes_label(promise.used_minutes))} of {plain(minutes_label(promise.target_minutes))}"
        )
    st.caption("  \n".join(plain(s) for s in lead.clock.sentences))
    if lead.clock.promises:
        with st.expander("Why these deadlines"):
            for promise in lead.clock.promises:
                st.caption("  \n".join((f"**{promise.label}**", *(plain(s) for s in promise.why))))
            st.caption(f"Hours: {plain(lead.clock.calendar_name)}, {plain(lead.clock.zone)}")


def draw_score(lead: LeadPage) -> None:
    """Each part of the score."""
    word, tone = heat(lead.temperature, lead.score)
    st.markdown(labels.badge(word, tone) + " :gray[of 100]")
    labels.facts(
        [(str(p["label"]), f"{p['points']:+d}" + (f" · {p['why']}" if p.get("why") else "")) for p in lead.score_parts]
    )


def draw_routing(lead: LeadPage) -> None:
    """Why this dealer: the rule that won, and each candidate with the reason it was dropped."""
    routing = lead.routing
    if not routing:
        st.caption("This lead has not been routed.")
        return
    if reason := routing.get("reason") or routing.get("why") or routing.get("sentence"):
        st.markdown(plain(reason))
    rows = list(routing.get("candidates", ()))
    dropped: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row.get("dropped_by"):
            dropped.setdefault(str(row["dropped_by"]), []).append(row)
    counts: Mapping[str, int] = routing.get("dropped", {})
    for rule, some in dropped.items():
        number = max(int(counts.get(rule, 0)), len(some))
        st.caption(
            f"**{plain(RULES.get(rule, rule.capitalize()))}** dropped {number:,}, such as {plain(some[0]['reason'])}"
        )
    if rows:
        with st.expander(f"The {len(rows)} nearest candidates"):
            show(
                table(
                    {
                        "Dealer": [f"{r.get('dealer_code', '')} {r.get('dealer_name', '')}" for r in rows],
                        "Outcome": [str(r.get("reason") or "Chosen") for r in rows],
                    }
                ),
                key=f"routing_{lead.id}", alt="Candidates of the routing and why each was dropped", height=260,
                columns={"Dealer": text("Dealer", width=170), "Outcome": text("Outcome")},
            )  # fmt: skip


class _Line:
    """An event as the shared timeline draws it."""

    def __init__(self, event: Event) -> None:
        self.at, self.by, self.note = event.at, event.by, event.body
        self.title = event.title[:1].upper() + event.title[1:]
        self.icon = ICONS.get(event.kind, ":material/circle:")
        self.badges = [(event.counted, "green")] if event.counted.startswith("First") else []


def draw_history(lead: LeadPage, *, limit: int = 30) -> None:
    """Contacts and steps, newest first."""
    draw_timeline([_Line(e) for e in lead.history], zone=current_actor().zone, now=now(), limit=limit)


def draw_appointments(lead: LeadPage) -> None:
    """The times agreed with this customer, the newest first; each leads to the appointment."""
    actor, at = current_actor(), now()
    with reading() as session:
        booked = appointments_of_lead(session, lead_id=lead.id, actor=actor, now=at)
    for one in booked:
        words = f"{one.kind_label} · {moment_words(one.starts_at, one.zone, now=at)}"
        words += f" ({one.zone})" if one.zone != actor.zone else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.page_link(
                "pages/crm/appointments.py", label=plain(f"{one.number} · {words}"), icon=":material/event:",
                query_params={"appointment": str(one.id)}, width="content",
            )  # fmt: skip
            st.markdown(labels.badge(one.status_label, one.tone), width="content")


def draw_message(lead: LeadPage) -> None:
    """Write to the customer of a lead that is being worked."""
    if lead.status in FLOW.step("log_activity").sources and current_actor().can(Permission.MESSAGES_SEND):
        with st.container(border=True):
            draw_write(customer_id=lead.customer_id, lead_id=lead.id, seen_version=lead.version)


def _below(lead: LeadPage) -> None:
    draw_appointments(lead)
    draw_message(lead)
    history, clock, why, comments = st.tabs(["History", "Clock", "Why this dealer", "Message"])
    with history:
        draw_history(lead, limit=12)
    with clock:
        draw_clock(lead)
    with why:
        draw_routing(lead)
        draw_score(lead)
    with comments:
        st.markdown(plain(lead.comments) if lead.comments else ":gray[The customer wrote nothing.]")
    st.page_link(
        "pages/leads/lead.py", label="Open the whole lead", icon=":material/open_in_full:",
        query_params={"lead": str(lead.id)},
    )  # fmt: skip


def _outcomes(_lead: LeadPage, typed: Mapping[str, Any]) -> Choices:
    return OUTCOMES.get(typed.get("kind") or "call", ())


def _dealers(_lead: LeadPage, _typed: Mapping[str, Any]) -> Choices:
    with reading() as session:
        found = dealer_choices(session, current_actor().scope, statuses=("active",))
    return [(d.dealer_id, f"{d.name} · {d.state} ({d.code})") for d in found]


def _people(lead: LeadPage, typed: Mapping[str, Any]) -> Choices:
    dealer_id = typed.get("dealer_id") or lead.dealer_id
    if not dealer_id:
        return ()
    with reading() as session:
        return people_of_dealer(session, dealer_id=int(dealer_id), actor=current_actor())


def _lost(lead: LeadPage, _typed: Mapping[str, Any]) -> Choices:
    early = lead.may_close_unresponsive
    return [(v, f"{label} (too early)" if early and v == "unresponsive" else label) for v, label in LOST_REASONS]


def _said(lead: LeadPage, step: Step) -> str:
    if step.name != "log_activity":
        return f"{lead.number}: {step.label.lower()}"
    with reading() as session:
        clock = get_clock(session, item_id=lead.id, actor=current_actor(), now=now())
    return f"{lead.number}: contact logged, {clock_words(clock)}"


SCREEN = Screen(
    flow=FLOW,
    # A time agreed on a lead is a real appointment, and who came is checked in (decision 0035).
    commands={**COMMANDS, "set_appointment": book_for_lead, "show_appointment": check_in_lead},
    key="lead",
    load=get_lead,
    title=lambda lead: f"{lead.number} · {plain(lead.customer_name) or 'Unknown'}",
    draw_facts=draw_summary,
    draw_below=_below,
    choices={
        ("log_activity", "outcome"): _outcomes,
        ("assign", "dealer_id"): _dealers,
        ("assign", "assignee_id"): _people,
        ("set_appointment", "host_id"): _people,
        ("set_appointment", "kind"): lambda _lead, _typed: KINDS,
        ("lose", "reason"): _lost,
    },
    defaults={("log_activity", "kind"): "call", ("set_appointment", "kind"): "sales"},
    zone=lambda lead: lead.clock.zone,
    said=_said,
)
