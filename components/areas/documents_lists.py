"""The lists of the page Documents: the matrix of what is missing, the calendar of what ends, renewals, everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from components import tables
from components.areas.dealers import STATUS_TONES
from components.areas.documents_drawer import STATE_PILLS, day, open_dealer, open_document
from components.charts import weeks
from components.charts.base import draw, table
from components.clock import now
from components.labels import empty_state
from components.perform import perform, problems_of, show_outcome
from components.queue_page import cursor, draw_paging, id_at, remember_rows
from db.core.actor import Actor
from db.core.area import CAP
from db.core.labels import count_label, moment_label, plural
from db.core.session import reading
from db.dealers.rules import STATUSES
from db.documents import commands, rules
from db.documents.coverage_queries import MatrixFilters, MatrixRow, count_matrix, matrix, matrix_types
from db.documents.expiry_queries import ExpiryFilters, count_expiring, expiring, expiry_weeks
from db.documents.queries import DocumentFilters, DocumentRow, count_documents, find_documents, requirements

SHORT = 16


def _opener(key: str, on_open: Callable[[int], None]) -> Callable[[int], None]:
    def opened(position: int) -> None:
        chosen = id_at(key, position)
        if chosen is not None:
            on_open(chosen)

    return opened


def _height(rows: Sequence[Any]) -> Any:
    """As high as the rows, up to what a screen shows at once."""
    return "content" if len(rows) <= SHORT else 560


# ---- what is missing -------------------------------------------------------------------------------------------------
def draw_matrix(actor: Actor, filters: MatrixFilters) -> None:
    """Dealers by what they have to have; the code opens the dealer's documents with the form for its first gap."""
    with reading() as session:
        types = matrix_types(requirements(session))
        rows, following = matrix(
            session, scope=actor.scope, filters=filters, now=now(), after=cursor("doc_matrix", fingerprint=filters)
        )
        total = count_matrix(session, scope=actor.scope, filters=filters, now=now())
    if not rows:
        if filters.only_gaps:
            empty_state("verified", "No gap here.", action="Every dealer of these filters has what it has to have.")
        else:
            empty_state("search_off", "No dealer matches.", action="Take a filter away.")
        return
    remember_rows("doc_matrix", [row.dealer_id for row in rows])
    st.session_state["doc_matrix_gaps"] = {row.dealer_id: _first_to_upload(row) for row in rows}

    def opened(dealer_id: int) -> None:
        open_dealer(dealer_id, st.session_state.get("doc_matrix_gaps", {}).get(dealer_id, ""))

    tones = {rules.STATE_LABELS[name]: tone for name, tone in rules.STATE_TONES.items()}
    states: dict[str, Sequence[Any]] = {
        name: [[rules.STATE_LABELS[row.states[name]]] for row in rows] for name in types
    }
    shown: dict[str, Sequence[Any]] = {
        "Code": [row.code for row in rows], "Dealer": [row.name for row in rows],
        "Region": [row.region for row in rows], "Status": [[STATUSES[row.status]] for row in rows],
        "Gaps": [len(row.gaps) for row in rows],
    }  # fmt: skip
    tables.show(
        table(shown | states), key="doc_matrix_table", alt="Dealers and the documents they have to have",
        height=_height(rows),
        columns={
            "Code": tables.opener("Code", key="doc_matrix_click", on_open=_opener("doc_matrix", opened), width=74),
            "Dealer": tables.text("Dealer", width=200), "Region": tables.text("Region", width=108),
            "Status": tables.pill("Status", {STATUSES[n]: tone for n, tone in STATUS_TONES.items()}, width=102),
            "Gaps": tables.number("Gaps", width=56, help="Required, and not valid today"),
        }
        | {name: tables.pill(rules.LABELS[name], tones, width=116) for name in types},
    )  # fmt: skip
    draw_paging(
        "doc_matrix",
        following=following,
        shown=len(rows),
        total=f"{count_label(total, CAP)} dealer{'' if total == 1 else 's'}",
    )


def _first_to_upload(row: MatrixRow) -> str:
    missing = [name for name in row.gaps if row.states[name] == "missing"]
    return missing[0] if missing else ""


# ---- what ends -------------------------------------------------------------------------------------------------------
def pick_week(actor: Actor, filters: ExpiryFilters, today: date) -> date | None:
    """The calendar of the next twelve months; gives the Monday of the week somebody clicked."""
    with reading() as session:
        found = expiry_weeks(session, scope=actor.scope, filters=filters, today=today)
    if not any(week.count for week in found):
        return None
    limits = [today + timedelta(days=days) for days in (rules.URGENT_DAYS, rules.SOON_DAYS)]
    near = [weeks.NEARNESS[sum(week.monday > limit for limit in limits)] for week in found]
    picked = draw(
        weeks.due(value_title="Documents"),
        table(
            {
                "monday": [week.monday.isoformat() for week in found], "count": [week.count for week in found],
                "near": near,
                "label": [f"{plural(week.count, 'document')} in the week of {day(week.monday)}" for week in found],
            }
        ),
        alt_text="Documents that expire, by week of the next twelve months", key="doc_weeks", select=True,
    )  # fmt: skip
    for point in picked.get("pick") or ():
        try:
            return date.fromisoformat(str(point.get("monday")))
        except ValueError:
            continue
    return None


def draw_expiring(actor: Actor, filters: ExpiryFilters, *, key: str, empty: str, ranked: bool = False) -> None:
    """Documents by the day they end, the longest expired first; the number opens one."""
    with reading() as session:
        rows, following = expiring(
            session, scope=actor.scope, filters=filters, now=now(), after=cursor(key, fingerprint=filters)
        )
        total = count_expiring(session, scope=actor.scope, filters=filters)
    if not rows:
        empty_state("event_available", empty, action="Look further ahead, or take a filter away.")
        return
    place = 50 * len(st.session_state[f"{key}_pages"]["stack"])
    more: dict[str, Sequence[Any]] = {"Rank": range(place + 1, place + len(rows) + 1)} if ranked else {}
    _draw_documents(rows, key=key, alt="Documents by the day they expire", more=more)
    draw_paging(key, following=following, shown=len(rows), total=count_label(total, CAP))


# ---- everything ------------------------------------------------------------------------------------------------------
def draw_all(actor: Actor, filters: DocumentFilters) -> None:
    """Documents, the newest first; the number opens one with its versions."""
    with reading() as session:
        rows, following = find_documents(
            session, scope=actor.scope, filters=filters, now=now(), after=cursor("doc_all", fingerprint=filters)
        )
        total = count_documents(session, scope=actor.scope, filters=filters)
    if not rows:
        narrowed = filters != DocumentFilters()
        empty_state(
            "folder_off", "No document matches." if narrowed else "There are no documents yet.",
            action="Take a filter away." if narrowed else "Open a dealer under Missing and upload its contract.",
        )  # fmt: skip
        return
    more: dict[str, Sequence[Any]] = {
        "Version": [row.series_version for row in rows],
        "Added": [moment_label(row.created_at, actor.zone, now=now()) for row in rows],
    }
    _draw_documents(rows, key="doc_all", alt="Documents, newest first", more=more)
    draw_paging("doc_all", following=following, shown=len(rows), total=count_label(total, CAP))


def _draw_documents(rows: list[DocumentRow], *, key: str, alt: str, more: dict[str, Sequence[Any]]) -> None:
    remember_rows(key, [row.id for row in rows])
    is_history = "Added" in more
    columns: dict[str, Any] = {
        "Document": tables.opener("Document", key=f"{key}_click", on_open=_opener(key, open_document), width=90),
        "Rank": tables.number("Rank", width=50) if "Rank" in more else None,
        "Dealer": tables.text("Dealer", width=200), "Type": tables.text("Type", width=84),
        "State": tables.pill("State", STATE_PILLS, width=106), "Expires": tables.text("Expires", width=98),
        "Left": None if is_history else tables.text("Days left", width=98),
        "Title": tables.text("Title", width=128), "Number": tables.text("Number", width=94),
        "Version": tables.number("Version", width=62) if is_history else None,
        "Added": tables.text("Added", width=128) if is_history else None,
        "Held": tables.text("Held", width=50) if any(row.is_held for row in rows) else None,
    }  # fmt: skip
    shown: dict[str, Sequence[Any]] = {
        "Document": [row.label for row in rows],
        "Dealer": [f"{row.dealer_name} ({row.dealer_code})" for row in rows],
        "Type": [row.type_label for row in rows], "Title": [row.title for row in rows],
        "Number": [row.number or "–" for row in rows], "State": [[row.badge[0]] for row in rows],
        "Expires": [day(row.expires_on) for row in rows],
        "Left": [rules.left_words(row.days_left) if row.status == "current" else "–" for row in rows],
        "Held": ["Held" if row.is_held else "" for row in rows],
    }  # fmt: skip
    tables.show(table(shown | more), key=f"{key}_table", alt=alt, columns=columns, height=_height(rows))


# ---- what is required ------------------------------------------------------------------------------------------------
def draw_requirements() -> None:
    """The form in which somebody decides what dealers of a status have to have."""
    form = "doc_required"
    show_outcome(form)
    with reading() as session:
        found = requirements(session)
    status = st.segmented_control(
        "Dealers that are", list(found), format_func=STATUSES.__getitem__, default="active", required=True,
        key="doc_req_status",
    ) or "active"  # fmt: skip
    one = found[status]
    key = f"doc_req_{status}_{one.version}"
    st.session_state.setdefault(key, list(one.document_types))
    st.multiselect(
        "have to have", list(rules.TYPES), format_func=rules.LABELS.__getitem__, key=key, placeholder="Nothing"
    )
    problems_of(form, "document_types")
    st.text_input("Reason :gray[(optional)]", key=f"{key}_reason", max_chars=rules.LONGEST["reason"])
    when = f"Decided by {one.updated_by}, version {one.version}." if one.version else "As the program came."
    st.caption(f"{when} It holds for the whole network from the next click on.")

    def save() -> None:
        perform(
            commands.save_requirement, form=form, say=f"What {status} dealers have to have was saved",
            typed={"document_types": key, "reason": f"{key}_reason"}, convert={"reason": lambda v: v or ""},
            arguments={"dealer_status": status, "seen_version": one.version},
        )  # fmt: skip

    st.button("Save", key="doc_req_save", type="primary", on_click=save)
