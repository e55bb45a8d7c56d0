"""Documents: what is missing, what expires, what has to be renewed, and everything that was ever filed."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from components.access import guard
from components.areas.documents import draw_drawer, open_dealer, open_document
from components.areas.documents_lists import draw_all, draw_expiring, draw_matrix, draw_requirements, pick_week
from components.clock import now
from components.exports import export_button
from components.filters import clear_button, many, one, pick, words
from components.labels import badges
from db.core.labels import count_label, local_day
from db.core.permissions import Permission
from db.core.session import reading
from db.dealers.queries import regions
from db.dealers.rules import STATUSES
from db.documents import rules
from db.documents.coverage_queries import MatrixFilters, find_gaps
from db.documents.expiry_queries import ExpiryFilters, count_expiring
from db.documents.queries import DocumentFilters

actor = guard(Permission.DOCUMENTS_VIEW)
today = local_day(now(), actor.zone)
VIEWS = {"missing": "Missing", "expiring": "Expiring", "renewals": "Renewals", "all": "All"}
WHEN = {"due": "Expired and next 90 days", "expired": "Expired", "year": "Next 12 months"}
WITHIN = {"30": "30 days", "60": "60 days", "90": "90 days", "180": "180 days"}
BY_LABEL = {label: name for name, label in rules.LABELS.items()}
KEYS = ("doc_text", "doc_region", "doc_status", "doc_type", "doc_held", "doc_versions")


def region_filter() -> str:
    """The region to look at, when there is more than one."""
    with reading() as session:
        known = regions(session, actor.scope)
    if len(known) < 2:
        return ""
    return pick("Region", {r: r for r in known}, key="doc_region", all_label="All regions", width=150)


def type_filter() -> tuple[str, ...]:
    """The types of documents to look at; none means all."""
    chosen = many("Type", list(BY_LABEL), key="doc_type", placeholder="Every type", width=240)
    return tuple(BY_LABEL[label] for label in chosen if label in BY_LABEL)


def draw_missing() -> None:
    """The matrix of dealers and required documents."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="doc_text", placeholder="Dealer, code, city", width=190)
        region = region_filter()
        statuses = {name: STATUSES[name] for name in rules.REQUIRING_STATUSES}
        status = pick("Status", statuses, key="doc_status", all_label="Every status", width=150)
        shown = one("Show", {"gaps": "Only gaps", "all": "All dealers"}, key="doc_gaps", default="gaps")
    clear_button(KEYS, key="doc_clear_missing")
    draw_matrix(actor, MatrixFilters(text=text, region=region, status=status, only_gaps=shown == "gaps"))
    st.caption("Open a dealer to upload what it lacks. Days are counted where the dealer is.")


def draw_calendar() -> None:
    """What ends week by week, and the documents behind a week."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        types, region = type_filter(), region_filter()
        when = one("Show", WHEN, key="doc_when", default="due")
    clear_button(KEYS, key="doc_clear_expiring")
    monday = pick_week(actor, ExpiryFilters(types=types, region=region), today)
    first: date | None = None
    last: date | None = today + timedelta(days=90)
    if monday is not None:
        first, last = monday, monday + timedelta(days=6)
        st.caption("One week is shown. Click its bar again to see all.")
    elif when == "expired":
        last = today - timedelta(days=1)
    elif when == "year":
        first, last = today, today + timedelta(days=366)
    filters = ExpiryFilters(first=first, last=last, types=types, region=region)
    draw_expiring(actor, filters, key="doc_expiring", empty="Nothing expires here.")


def draw_renewals() -> None:
    """Contracts, licences and insurance that have to be renewed, the most urgent first."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        within = one("Due within", WITHIN, key="doc_within", default="90")
        region = region_filter()
    clear_button(KEYS, key="doc_clear_renewals")
    filters = ExpiryFilters(last=today + timedelta(days=int(within)), types=rules.RENEWABLE, region=region)
    draw_expiring(actor, filters, key="doc_renewals", empty="Nothing has to be renewed.", ranked=True)
    st.caption("Contracts, licences and insurance. Open one to renew it, or to take the dealer's renewal pack.")


def draw_everything() -> None:
    """Every document, with search, filters and export."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = words("Find", key="doc_text", placeholder="Title, number, issuer, dealer", width=230)
        types, region = type_filter(), region_filter()
        held = st.checkbox("Held", key="doc_held", bind="query-params")
        versions = st.checkbox("Old versions", key="doc_versions", bind="query-params", help="Superseded and void, too")
        chosen = {"text": text, "types": types, "region": region, "held": held, "versions": versions}
        export_button("documents", {name: value for name, value in chosen.items() if value})
    clear_button(KEYS, key="doc_clear_all")
    draw_all(actor, DocumentFilters(text=text, types=types, region=region, held=held, versions=versions))


def open_from_address() -> None:
    """Links of the form ?document=12 or ?dealer=3 open the drawer once."""
    document, dealer = st.query_params.pop("document", ""), st.query_params.pop("dealer", "")
    if document.isdecimal():
        open_document(int(document))
    elif dealer.isdecimal():
        open_dealer(int(dealer))


open_from_address()
with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title(":material/folder_managed: Documents")
    if actor.can(Permission.DOCUMENTS_MANAGE) and actor.scope.is_all:
        with st.popover("What is required", icon=":material/rule:", key="doc_required_menu"):
            draw_requirements()
with reading() as session:
    gaps = find_gaps(session, scope=actor.scope, now=now())
    soon = count_expiring(
        session, scope=actor.scope, filters=ExpiryFilters(first=today, last=today + timedelta(days=rules.URGENT_DAYS))
    )
counts = {state: sum(1 for gap in gaps if gap.state == state) for state in rules.GAPS}
badges(
    [
        *((f"{n:,} {rules.STATE_LABELS[state].lower()}", rules.STATE_TONES[state]) for state, n in counts.items() if n),
        (f"{count_label(soon)} expire within {rules.URGENT_DAYS} days" if soon else "", "orange"),
        ("Nothing is missing" if not gaps else "", "green"),
    ]
)  # fmt: skip
view = one("View", VIEWS, key="doc_view", default="missing")
{"missing": draw_missing, "expiring": draw_calendar, "renewals": draw_renewals, "all": draw_everything}[view]()
draw_drawer()
